use tidewater_cache::{Dependency, Footprint};
use tidewater_changelog::{Tracking, Value};
use tidewater_entity::selection::{Among, Link, PageRows, Scalar, Selection, Shape};
use uuid::Uuid;

use super::Store;
use crate::Error;

/// Up to this many rows that a link leads to are depended on one by one; more, as their whole table.
pub(super) const TRACED_LINKS: u32 = 64;

impl Store {
    /// What a page (`ordered`) or the count of a selection depends on, as far as the selection itself tells. What a linked one
    /// depends on beyond, [`Store::linked_to`] adds.
    pub(super) fn declared(&self, selection: &Selection, ordered: bool) -> Result<Footprint, Error> {
        let shape = &selection.shape;
        let tracking = self.tracking(shape.table)?;
        let columns = columns(shape, ordered);
        let set = |column, value| of_set(tracking, column, value).narrowed(true, &columns);
        Ok(match &shape.among {
            Among::Everything => [Dependency::table(shape.table).narrowed(true, &columns)].into_iter().collect(),
            Among::AnyOf(values) => values.iter().map(|(column, value)| set(column, value)).collect(),
            Among::Each(column) => [set(column, &selection.value)].into_iter().collect(),
            Among::Linked(link) => {
                [of_set(self.tracking(link.table)?, link.from, &selection.value)].into_iter().collect()
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

/// The rows with a value; the whole table, if the log does not record that column or cannot hold such a value.
fn of_set(tracking: &Tracking, column: &str, value: &Scalar) -> Dependency {
    let value = match value {
        Scalar::Null => Some(Value::Null),
        Scalar::Boolean(value) => Some(Value::Boolean(*value)),
        Scalar::Integer(value) => Some(Value::Integer(*value)),
        Scalar::Text(value) => Some(Value::Text(value.clone())),
        Scalar::Uuid(value) => Some(Value::Uuid(*value)),
        Scalar::Time(_) => None,
    };
    match value {
        Some(value) if tracking.columns().any(|tracked| tracked.name == column) => {
            Dependency::set(tracking.table, column, &value)
        }
        _ => Dependency::table(tracking.table),
    }
}
