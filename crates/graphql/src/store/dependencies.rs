use tidewater_cache::{Dependency, Footprint};
use tidewater_changelog::{Tracking, Value};
use tidewater_entity::selection::{Among, Link, PageRows, Scalar, Selection, Shape};
use uuid::Uuid;

use super::Store;
use crate::Error;

/// Up to this many rows that a link leads to are depended on one by one; more, as their whole table.
pub(super) const TRACED_LINKS: u32 = 64;

/// Something that a selection declares to depend on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ground {
    /// Name of the table.
    pub(crate) table: &'static str,
    /// Which rows of it.
    pub(crate) rows: GroundRows,
    /// The columns that matter of rows that stay, where not all do.
    pub(crate) columns: Option<Vec<&'static str>>,
}

/// Rows of a table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum GroundRows {
    /// All of them.
    All,
    /// The one with this primary key.
    Key(Uuid),
    /// Those whose column has this value.
    Having(&'static str, Value),
}

impl Ground {
    /// The row of `table` with this primary key.
    pub(super) fn row(table: &'static str, key: Uuid) -> Self {
        Self { table, rows: GroundRows::Key(key), columns: None }
    }

    fn table(table: &'static str) -> Self {
        Self { table, rows: GroundRows::All, columns: None }
    }

    fn narrowed(self, columns: Vec<&'static str>) -> Self {
        Self { columns: Some(columns), ..self }
    }

    /// It, as the cache has it.
    pub(crate) fn dependency(&self) -> Dependency {
        let whole = match &self.rows {
            GroundRows::All => Dependency::table(self.table),
            GroundRows::Key(key) => Dependency::row(self.table, &[Value::Uuid(*key)]),
            GroundRows::Having(column, value) => Dependency::set(self.table, column, value),
        };
        match &self.columns {
            Some(columns) => whole.narrowed(true, columns),
            None => whole,
        }
    }
}

impl Store {
    /// What a page (`ordered`) or the count of a selection depends on, as far as the selection itself tells. What a linked one
    /// depends on beyond, [`Store::linked_to`] adds.
    pub(super) fn declared(&self, selection: &Selection, ordered: bool) -> Result<Footprint, Error> {
        Ok(self.grounds(selection, ordered)?.iter().map(Ground::dependency).collect())
    }

    /// The same, one by one.
    pub(super) fn grounds(&self, selection: &Selection, ordered: bool) -> Result<Vec<Ground>, Error> {
        let shape = &selection.shape;
        let tracking = self.tracking(shape.table)?;
        let columns = columns(shape, ordered);
        let set = |column: &'static str, value| match of_set(tracking, column, value) {
            Some(set) => set.narrowed(columns.clone()),
            // Which rows have the value is then a matter of a column like any other.
            None => Ground::table(shape.table).narrowed([columns.as_slice(), &[column]].concat()),
        };
        Ok(match &shape.among {
            Among::Everything => vec![Ground::table(shape.table).narrowed(columns)],
            Among::AnyOf(values) => values.iter().map(|(column, value)| set(column, value)).collect(),
            Among::Each(column) => vec![set(column, &selection.value)],
            Among::Linked(link) => {
                let links = of_set(self.tracking(link.table)?, link.from, &selection.value);
                vec![links.unwrap_or_else(|| Ground::table(link.table))]
            }
        })
    }

    /// What a page or a count of linked rows depends on beyond its links: the rows that they lead to, absent ones too.
    pub(super) fn linked_to(&self, shape: &Shape, ordered: bool, links: &PageRows) -> Footprint {
        let columns = columns(shape, ordered);
        if links.more {
            return [Dependency::table(shape.table).narrowed(true, &columns)].into_iter().collect();
        }
        let row = |key: Uuid| Dependency::row(shape.table, &[Value::Uuid(key)]).narrowed(true, &columns);
        links.rows.iter().map(|link| row(link.key)).collect()
    }
}

/// The links themselves as a selection: the rows of the link table by the value that they lead from.
pub(super) fn links(link: Link) -> Shape {
    Shape { table: link.table, key: link.to, among: Among::Each(link.from), filters: Vec::new(), order: Vec::new() }
}

fn columns(shape: &Shape, ordered: bool) -> Vec<&'static str> {
    let order = shape.ordered_by().filter(|_| ordered);
    shape.filtered_by().chain(order).collect()
}

/// The rows with a value, if the log records that column and can hold such a value.
fn of_set(tracking: &Tracking, column: &'static str, value: &Scalar) -> Option<Ground> {
    let value = match value {
        Scalar::Null => Value::Null,
        Scalar::Boolean(value) => Value::Boolean(*value),
        Scalar::Integer(value) => Value::Integer(*value),
        Scalar::Text(value) => Value::Text(value.clone()),
        Scalar::Uuid(value) => Value::Uuid(*value),
        Scalar::Time(_) => return None,
    };
    let is_tracked = tracking.columns().any(|tracked| tracked.name == column);
    is_tracked.then_some(Ground { table: tracking.table, rows: GroundRows::Having(column, value), columns: None })
}
