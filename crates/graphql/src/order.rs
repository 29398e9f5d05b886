use async_graphql::Enum;
use sea_orm::{ColumnTrait, IdenStatic};
use tidewater_entity::selection::Selection;

use crate::Error;

/// Which way a list is ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum OrderDirection {
    /// Smallest or oldest first.
    #[default]
    Asc,
    /// Greatest or newest first.
    Desc,
}

/// An input that is a term of an order.
pub trait Ordered {
    /// The columns of the entity that is ordered.
    type Column: ColumnTrait;
    /// What the entity is ordered by where nothing is said; the primary key if that is none.
    const DEFAULT: Option<Self::Column>;

    /// The column and which way.
    fn term(&self) -> (Self::Column, OrderDirection);
}

/// `selection` in the order that is asked for.
///
/// # Errors
/// `BAD_USER_INPUT` when a column is named twice.
pub fn ordered<O: Ordered>(selection: Selection, order_by: Option<Vec<O>>) -> Result<Selection, Error> {
    let terms: Vec<_> = order_by.unwrap_or_default().iter().map(Ordered::term).collect();
    if terms.is_empty() {
        return Ok(match O::DEFAULT {
            Some(column) => selection.order_by(column, false),
            None => selection,
        });
    }
    let mut names: Vec<_> = terms.iter().map(|(column, _)| column.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    if names.len() < terms.len() {
        return Err(Error::bad_user_input("orderBy", "names a field twice"));
    }
    Ok(terms.into_iter().fold(selection, |selection, (column, direction)| {
        selection.order_by(column, direction == OrderDirection::Desc)
    }))
}
