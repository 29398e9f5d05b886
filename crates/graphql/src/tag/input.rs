use async_graphql::{Enum, InputObject};
use tidewater_entity::selection::{Selection, Test};
use tidewater_entity::tag;

use crate::Error;
use crate::order::{OrderDirection, Ordered, ordered};
use crate::validation;

/// Which tags are meant. Everything that is given must hold.
#[derive(Debug, Default, InputObject)]
pub(crate) struct TagFilter {
    /// Its name contains this, whatever the case of the letters.
    text: Option<String>,
}

/// A term of the order of tags.
#[derive(Debug, InputObject)]
pub(crate) struct TagOrder {
    /// What they are ordered by.
    field: TagOrderField,
    /// Which way.
    #[graphql(default)]
    direction: OrderDirection,
}

/// What tags can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum TagOrderField {
    /// When it was created.
    CreatedAt,
    /// The word, in the database's order of texts.
    Name,
}

impl Ordered for TagOrder {
    type Column = tag::Column;
    const DEFAULT: Option<tag::Column> = Some(tag::Column::CreatedAt);

    fn term(&self) -> (tag::Column, OrderDirection) {
        let column = match self.field {
            TagOrderField::CreatedAt => tag::Column::CreatedAt,
            TagOrderField::Name => tag::Column::Name,
        };
        (column, self.direction)
    }
}

/// Those of `tags` that `filter` admits, in the order that is asked for.
///
/// # Errors
/// `BAD_USER_INPUT`
pub(crate) fn select(
    mut tags: Selection,
    filter: Option<TagFilter>,
    order_by: Option<Vec<TagOrder>>,
) -> Result<Selection, Error> {
    let filter = filter.unwrap_or_default();
    if let Some(text) = filter.text {
        tags = tags.filter(tag::Column::Name, Test::Contains(validation::search("filter.text", text)?));
    }
    ordered(tags, order_by)
}
