use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Order, Scalar};

/// A part of a selection: at most `size` rows from one of its ends, or from a place in it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Page {
    /// How many rows at most.
    pub size: u32,
    /// From which end.
    pub direction: Direction,
    /// Only rows that come later than this.
    pub after: Option<Place>,
    /// Only rows that come earlier than this.
    pub before: Option<Place>,
}

impl Page {
    /// The first `size` rows.
    pub const fn first(size: u32) -> Self {
        Self { size, direction: Direction::Forward, after: None, before: None }
    }
}

/// Which rows of a part are taken when there are more than fit. The answer is in the selection's order in either case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Direction {
    /// The first.
    Forward,
    /// The last.
    Backward,
}

/// A place in an ordered selection: between the rows that come earlier and those that come later than a row with these
/// values, whether or not that row still exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// A value for each term of the order.
    pub values: Vec<Scalar>,
    /// The primary key.
    pub key: Uuid,
}

impl Place {
    /// Whether this can be a place in a selection of that order.
    pub fn fits(&self, order: &[Order]) -> bool {
        self.values.len() == order.len()
            && self
                .values
                .iter()
                .zip(order)
                .all(|(value, order)| order.kind.admits(value) && (order.nullable || *value != Scalar::Null))
    }
}

/// A row of a page: its key and its place.
pub type Row = Place;

/// The rows of a page, in the selection's order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageRows {
    /// At most as many as the page's size.
    pub rows: Vec<Row>,
    /// Whether there are more in the page's direction.
    pub more: bool,
}
