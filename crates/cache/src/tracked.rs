use std::collections::HashMap;

use tidewater_changelog::{Change, Columns, Operation, RowChange, Tracking, Value};

use crate::hash::{Aspect, Scope, bulk};

/// Which columns the values of a change belong to.
#[derive(Debug)]
pub(crate) struct Tracked(HashMap<&'static str, Table>);

#[derive(Debug)]
struct Table {
    key_length: usize,
    columns: Vec<&'static str>,
}

/// What happened to the rows of one scope.
#[derive(Clone, Copy)]
enum Event {
    Appeared,
    Disappeared,
    Stayed,
}

impl Tracked {
    pub(crate) fn new(tracking: &[Tracking]) -> Self {
        let tables = tracking.iter().map(|table| {
            let columns = table.columns().map(|column| column.name).collect();
            (table.table, Table { key_length: table.key.len(), columns })
        });
        Self(tables.collect())
    }

    /// The primary key of the row that changed, if its table is known.
    pub(crate) fn key<'a>(&self, change: &'a RowChange) -> Option<&'a [Value]> {
        let length = self.0.get(&*change.table)?.key_length;
        let values = if change.new.is_empty() { &change.old } else { &change.new };
        values.get(..length)
    }

    /// The keys of the tide table that `change` bumps. What cannot be told apart counts as a change of the whole table.
    pub(crate) fn keys(&self, change: &Change, mut bump: impl FnMut(u64)) {
        let row = match change {
            Change::Table { table } => return bump(bulk(table)),
            Change::Row(row) => row,
        };
        match self.0.get(&*row.table) {
            Some(table) if table.describes(row) => table.row_keys(row, &mut bump),
            _ => bump(bulk(&row.table)),
        }
    }
}

impl Table {
    fn describes(&self, change: &RowChange) -> bool {
        let old = if change.operation == Operation::Insert { 0 } else { self.columns.len() };
        let new =
            if matches!(change.operation, Operation::Delete | Operation::Replace) { 0 } else { self.columns.len() };
        let key_stayed = || change.old[..self.key_length] == change.new[..self.key_length];
        change.old.len() == old && change.new.len() == new && (change.operation != Operation::Update || key_stayed())
    }

    fn row_keys(&self, change: &RowChange, bump: &mut impl FnMut(u64)) {
        let table = &change.table;
        let (event, values) = match change.operation {
            Operation::Insert => (Event::Appeared, &change.new),
            // Whether it did or not.
            Operation::Delete | Operation::Replace => (Event::Disappeared, &change.old),
            Operation::Update => (Event::Stayed, &change.new),
        };
        scope_keys(Scope::table(table), event, &change.changed, bump);
        scope_keys(Scope::row(table, &values[..self.key_length]), event, &change.changed, bump);
        for (index, column) in self.columns.iter().enumerate() {
            let set = |value| Scope::set(table, column, value);
            match (change.old.get(index), change.new.get(index)) {
                (Some(old), Some(new)) if old != new => {
                    scope_keys(set(old), Event::Disappeared, &change.changed, bump);
                    scope_keys(set(new), Event::Appeared, &change.changed, bump);
                }
                (_, Some(value)) | (Some(value), None) => scope_keys(set(value), event, &change.changed, bump),
                (None, None) => {}
            }
        }
    }
}

fn scope_keys(scope: Scope, event: Event, changed: &Columns, bump: &mut impl FnMut(u64)) {
    bump(scope.key(Aspect::Any));
    match (event, changed) {
        (Event::Disappeared, _) => bump(scope.key(Aspect::Membership)),
        (Event::Appeared, _) => {
            bump(scope.key(Aspect::Membership));
            bump(scope.key(Aspect::UnknownColumns));
        }
        (Event::Stayed, Columns::All) => bump(scope.key(Aspect::UnknownColumns)),
        (Event::Stayed, Columns::Named(columns)) => {
            for column in columns {
                bump(scope.key(Aspect::Column(column)));
            }
        }
    }
}
