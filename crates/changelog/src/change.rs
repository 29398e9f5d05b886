use std::sync::Arc;

use crate::Value;

/// A committed change that a poll saw for the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// One row changed.
    Row(RowChange),
    /// Any row of the table may have changed: `TRUNCATE`, or a statement that changed more rows than are logged singly.
    Table {
        /// Name of the table.
        table: Arc<str>,
    },
}

/// What one transaction did to one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowChange {
    /// Name of the table.
    pub table: Arc<str>,
    /// What was done.
    pub operation: Operation,
    /// The values of the tracked columns before, in the order of [`crate::Tracking::columns`]; empty for an insert.
    pub old: Vec<Value>,
    /// The values of the tracked columns after, in the order of [`crate::Tracking::columns`]; empty for a delete.
    pub new: Vec<Value>,
    /// The columns whose values differ; [`Columns::All`] for an insert and a delete.
    pub changed: Columns,
}

/// What was done to a row. An update of a primary key is logged as a delete and an insert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// The row came to be.
    Insert,
    /// The row changed; its primary key did not.
    Update,
    /// The row ceased to be.
    Delete,
    /// On SQLite, the row ceased to be if the statement was one that replaces, and stayed otherwise; told like a delete. What is logged
    /// for the same key next says more: an insert, that the row was replaced; anything else, that it stayed.
    Replace,
}

/// A set of columns of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Columns {
    /// Every column, or no telling which.
    All,
    /// These.
    Named(Vec<Arc<str>>),
}

/// Where a change comes from, for people to read: nothing is decided by it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The number of the transaction, where transactions have numbers: PostgreSQL's.
    pub transaction: Option<u64>,
    /// What the writer's connection calls itself, where it does: PostgreSQL's `application_name`, in at most 63 bytes. Whoever writes can
    /// call themselves anything.
    pub writer: Option<Arc<str>>,
    /// The number of the change in the log. Numbers of changes that were taken back are left out or given again.
    pub sequence: u64,
}
