//! Notes.

mod input;
mod like;
mod mutation;
mod object;
mod query;
mod subscription;
mod view;
mod visibility;

pub(crate) use input::{NoteFilter, NoteOrder, select};
pub(crate) use like::NoteLikeMutation;
pub(crate) use mutation::{NoteMutation, owned};
pub(crate) use object::Note;
pub(crate) use query::NoteQuery;
pub(crate) use subscription::NoteSubscription;
pub(crate) use view::NoteViewMutation;
pub(crate) use visibility::Visibility;
