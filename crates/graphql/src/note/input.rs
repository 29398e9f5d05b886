use async_graphql::{Enum, InputObject};
use tidewater_entity::note;
use tidewater_entity::selection::{Selection, Test};

use super::Visibility;
use crate::Error;
use crate::order::{OrderDirection, Ordered, ordered};
use crate::validation;

/// Which notes are meant. Everything that is given must hold.
#[derive(Debug, Default, InputObject)]
pub(crate) struct NoteFilter {
    /// Who may see it.
    visibility: Option<Visibility>,
    /// Its title contains this, whatever the case of the letters.
    text: Option<String>,
}

/// A term of the order of notes.
#[derive(Debug, InputObject)]
pub(crate) struct NoteOrder {
    /// What they are ordered by.
    field: NoteOrderField,
    /// Which way.
    #[graphql(default)]
    direction: OrderDirection,
}

/// What notes can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum NoteOrderField {
    /// When it was created.
    CreatedAt,
    /// When it was last changed.
    UpdatedAt,
    /// What it is about, in the database's order of texts.
    Title,
}

impl Ordered for NoteOrder {
    type Column = note::Column;
    const DEFAULT: Option<note::Column> = Some(note::Column::CreatedAt);

    fn term(&self) -> (note::Column, OrderDirection) {
        let column = match self.field {
            NoteOrderField::CreatedAt => note::Column::CreatedAt,
            NoteOrderField::UpdatedAt => note::Column::UpdatedAt,
            NoteOrderField::Title => note::Column::Title,
        };
        (column, self.direction)
    }
}

/// Those of `notes` that `filter` admits, in the order that is asked for.
///
/// # Errors
/// `BAD_USER_INPUT`
pub(crate) fn select(
    mut notes: Selection,
    filter: Option<NoteFilter>,
    order_by: Option<Vec<NoteOrder>>,
) -> Result<Selection, Error> {
    let filter = filter.unwrap_or_default();
    if let Some(visibility) = filter.visibility {
        notes = notes.filter(note::Column::Visibility, visibility.test());
    }
    if let Some(text) = filter.text {
        notes = notes.filter(note::Column::Title, Test::Contains(validation::search("filter.text", text)?));
    }
    ordered(notes, order_by)
}
