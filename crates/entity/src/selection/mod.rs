//! Sets of rows as data.
//!
//! A [`Selection`] says which rows of one entity are meant and in what order. From the same data come the SQL that reads a
//! [`Page`] of it or counts it, and, for whoever caches the answer, all that the answer depends on: what cannot be said
//! cannot be forgotten. Many selections that differ only in the value that they are read by are answered by one statement.

mod page;
mod read;
mod scalar;
mod statement;

use sea_orm::{ColumnTrait, EntityTrait, IdenStatic, Iterable, PrimaryKeyToColumn};
use serde::Serialize;

pub use page::{Direction, Page, PageRows, Place, Row};
pub use read::{by_keys, counts, pages, tables_in};
pub use scalar::{Scalar, ScalarKind};

/// A set of rows of one entity, in an order.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// What it has in common with the selections that one statement can answer together.
    pub shape: Shape,
    /// What the rows are read by: a value for [`Among::Each`] and [`Among::Linked`], else [`Scalar::Null`].
    pub value: Scalar,
}

/// A [`Selection`] but for the value that its rows are read by.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shape {
    /// Name of the entity's table.
    pub table: &'static str,
    /// The primary key: one column of type UUID. It ends every order, so that no two rows tie.
    pub key: &'static str,
    /// The set that the rows are taken from.
    pub among: Among,
    /// All of which hold for a row.
    pub filters: Vec<Filter>,
    /// Most significant first.
    pub order: Vec<Order>,
}

/// The set that rows are taken from, before filters.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Among {
    /// The whole table.
    Everything,
    /// The rows with at least one of these values.
    AnyOf(Vec<(&'static str, Scalar)>),
    /// The rows whose column has the selection's value.
    Each(&'static str),
    /// The rows to which a row of the link table leads from the selection's value.
    Linked(Link),
}

/// A many-to-many relation, in one of its directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Link {
    /// Name of the link table.
    pub table: &'static str,
    /// Its column that holds the selection's value.
    pub from: &'static str,
    /// Its column that holds the primary key of the selected row.
    pub to: &'static str,
}

/// A condition on one column.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Filter {
    /// Name of the column.
    pub column: &'static str,
    /// What holds for its value.
    pub test: Test,
}

/// What holds for a value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Test {
    /// Equal; for [`Scalar::Null`], absent.
    Is(Scalar),
    /// Present and different; for [`Scalar::Null`], present.
    IsNot(Scalar),
    /// Equal to one of these. Of none: no row.
    OneOf(Vec<Scalar>),
    /// Contains the text, whatever the case of its letters (on SQLite: of its ASCII letters).
    Contains(String),
    /// Greater or equal.
    AtLeast(Scalar),
    /// Smaller.
    Below(Scalar),
}

/// A term of an order. An absent value counts as greater than any other: last when ascending, first when descending.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Order {
    /// Name of the column.
    pub column: &'static str,
    /// The type of its values.
    pub kind: ScalarKind,
    /// Whether a value can be absent.
    pub nullable: bool,
    /// Greatest first.
    pub descending: bool,
}

impl Selection {
    /// Every row of `E`.
    pub fn everything<E: EntityTrait>() -> Self {
        Self::among::<E>(Among::Everything, Scalar::Null)
    }

    /// No row of `E`.
    pub fn nothing<E: EntityTrait>() -> Self {
        Self::among::<E>(Among::AnyOf(Vec::new()), Scalar::Null)
    }

    /// The rows of `E` that have at least one of `values`. The columns must be tracked.
    pub fn any_of<E: EntityTrait>(values: impl IntoIterator<Item = (E::Column, Scalar)>) -> Self {
        let values = values.into_iter().map(|(column, value)| (column.as_str(), value)).collect();
        Self::among::<E>(Among::AnyOf(values), Scalar::Null)
    }

    /// The rows of `E` whose `column`, which must be tracked, has `value`.
    pub fn each<E: EntityTrait>(column: E::Column, value: impl Into<Scalar>) -> Self {
        Self::among::<E>(Among::Each(column.as_str()), value.into())
    }

    /// The rows of `E` to which `link` leads from `value`.
    pub fn linked<E: EntityTrait>(link: Link, value: impl Into<Scalar>) -> Self {
        Self::among::<E>(Among::Linked(link), value.into())
    }

    /// Only those for which `test` holds.
    #[must_use]
    pub fn filter<C: ColumnTrait>(mut self, column: C, test: Test) -> Self {
        self.shape.filters.push(Filter { column: column.as_str(), test });
        self
    }

    /// Ordered by `column` where the order so far leaves a tie. The primary key decides the last ties, in the direction of the
    /// last term.
    #[must_use]
    pub fn order_by<C: ColumnTrait>(mut self, column: C, descending: bool) -> Self {
        let definition = column.def();
        self.shape.order.push(Order {
            column: column.as_str(),
            kind: ScalarKind::of(definition.get_column_type()),
            nullable: definition.is_null(),
            descending,
        });
        self
    }

    fn among<E: EntityTrait>(among: Among, value: Scalar) -> Self {
        let shape = Shape {
            table: E::default().table_name(),
            key: key::<E>().as_str(),
            among,
            filters: Vec::new(),
            order: Vec::new(),
        };
        Self { shape, value }
    }
}

impl Link {
    /// The relation through the link entity `L`, whose columns `from` and `to` must be tracked.
    pub fn through<L: EntityTrait>(from: L::Column, to: L::Column) -> Self {
        Self { table: L::default().table_name(), from: from.as_str(), to: to.as_str() }
    }
}

impl Shape {
    /// The columns that decide which rows are in the set, beyond what [`Among`] says.
    pub fn filtered_by(&self) -> impl Iterator<Item = &'static str> {
        self.filters.iter().map(|filter| filter.column)
    }

    /// Whether the selection's value says which rows are meant.
    pub fn read_by_value(&self) -> bool {
        matches!(self.among, Among::Each(_) | Among::Linked(_))
    }

    /// The columns that decide in which order they are.
    pub fn ordered_by(&self) -> impl Iterator<Item = &'static str> {
        self.order.iter().map(|order| order.column)
    }
}

/// The first column of the primary key of `E`.
fn key<E: EntityTrait>() -> E::Column {
    E::PrimaryKey::iter().next().map_or_else(
        // SeaORM does not compile an entity without a primary key.
        || unreachable!("an entity has a primary key"),
        PrimaryKeyToColumn::into_column,
    )
}
