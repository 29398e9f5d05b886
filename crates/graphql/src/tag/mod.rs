//! Tags, which todos and notes carry.

mod input;
mod link;
mod mutation;
mod object;
mod query;

pub(crate) use input::{TagFilter, TagOrder, select};
pub(crate) use link::TagLinkMutation;
pub(crate) use mutation::TagMutation;
pub(crate) use object::Tag;
pub(crate) use query::TagQuery;
