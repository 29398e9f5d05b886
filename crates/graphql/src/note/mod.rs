//! Notes.

mod input;
mod mutation;
mod object;
mod query;
mod visibility;

pub(crate) use input::{NoteFilter, NoteOrder, select};
pub(crate) use mutation::{NoteMutation, owned};
pub(crate) use object::Note;
pub(crate) use query::NoteQuery;
pub(crate) use visibility::Visibility;
