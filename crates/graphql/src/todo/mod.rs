//! Todos.

mod input;
mod mutation;
mod object;
mod query;

pub(crate) use input::{TodoFilter, TodoOrder, select};
pub(crate) use mutation::{TodoMutation, owned};
pub(crate) use object::Todo;
pub(crate) use query::TodoQuery;
