//! Todos.

mod input;
mod mutation;
mod object;
mod query;
mod subscription;

pub(crate) use input::{TodoFilter, TodoOrder, select};
pub(crate) use mutation::{TodoMutation, owned};
pub(crate) use object::Todo;
pub(crate) use query::TodoQuery;
pub(crate) use subscription::TodoSubscription;
