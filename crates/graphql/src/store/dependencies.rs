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
        let set = |column: &'static str, value| match of_set(tracking, column, value) {
            Some(set) => set.narrowed(true, &columns),
            // Which rows have the value is then a matter of a column like any other.
            None => Dependency::table(shape.table).narrowed(true, &[columns.as_slice(), &[column]].concat()),
        };
        Ok(match &shape.among {
            Among::Everything => [Dependency::table(shape.table).narrowed(true, &columns)].into_iter().collect(),
            Among::AnyOf(values) => values.iter().map(|(column, value)| set(column, value)).collect(),
            Among::Each(column) => [set(column, &selection.value)].into_iter().collect(),
            Among::Linked(link) => {
                let links = of_set(self.tracking(link.table)?, link.from, &selection.value);
                [links.unwrap_or_else(|| Dependency::table(link.table))].into_iter().collect()
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
fn of_set(tracking: &Tracking, column: &str, value: &Scalar) -> Option<Dependency> {
    let value = match value {
        Scalar::Null => Value::Null,
        Scalar::Boolean(value) => Value::Boolean(*value),
        Scalar::Integer(value) => Value::Integer(*value),
        Scalar::Text(value) => Value::Text(value.clone()),
        Scalar::Uuid(value) => Value::Uuid(*value),
        Scalar::Time(_) => return None,
    };
    let is_tracked = tracking.columns().any(|tracked| tracked.name == column);
    is_tracked.then(|| Dependency::set(tracking.table, column, &value))
}
