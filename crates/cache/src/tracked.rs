use std::collections::HashMap;
use std::sync::Arc;

use tidewater_changelog::{Change, Columns, Operation, RowChange, Tracking, Value};

use crate::Footprint;
use crate::explanation::{About, Part, Rows};
use crate::hash::{Aspect, Scope, bulk};

/// Which columns the values of a change belong to.
#[derive(Debug)]
pub(crate) struct Tracked(HashMap<&'static str, Table>);

#[derive(Debug)]
struct Table {
    key_length: usize,
    columns: Vec<&'static str>,
}

/// The rows of one scope.
#[derive(Clone, Copy)]
enum Which<'a> {
    All,
    Key(&'a [Value]),
    Having(&'a str, &'a Value),
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
        self.parts(change, |key, _, _| bump(key));
    }

    /// What of a footprint `change` bumps first, if anything.
    pub(crate) fn part(&self, change: &Change, footprint: &Footprint) -> Option<(u64, Part)> {
        let (Change::Table { table } | Change::Row(RowChange { table, .. })) = change;
        let mut found = None;
        self.parts(change, |key, rows, aspect| {
            if found.is_none() && footprint.holds(key) {
                found = Some((key, Part { table: Arc::clone(table), rows: rows.to_owned(), about: aspect.into() }));
            }
        });
        found
    }

    /// All that `change` bumps.
    pub(crate) fn all_parts(&self, change: &Change) -> Vec<Part> {
        let (Change::Table { table } | Change::Row(RowChange { table, .. })) = change;
        let mut parts = Vec::new();
        self.parts(change, |_, rows, aspect| {
            parts.push(Part { table: Arc::clone(table), rows: rows.to_owned(), about: aspect.into() });
        });
        parts
    }

    fn parts(&self, change: &Change, mut bump: impl FnMut(u64, Which<'_>, Aspect<'_>)) {
        let row = match change {
            Change::Table { table } => return bump(bulk(table), Which::All, Aspect::Any),
            Change::Row(row) => row,
        };
        match self.0.get(&*row.table) {
            Some(table) if table.describes(row) => table.row_keys(row, &mut bump),
            _ => bump(bulk(&row.table), Which::All, Aspect::Any),
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

    fn row_keys(&self, change: &RowChange, bump: &mut impl FnMut(u64, Which<'_>, Aspect<'_>)) {
        let table = &change.table;
        let (event, values) = match change.operation {
            Operation::Insert => (Event::Appeared, &change.new),
            // Whether it did or not.
            Operation::Delete | Operation::Replace => (Event::Disappeared, &change.old),
            Operation::Update => (Event::Stayed, &change.new),
        };
        let mut scope_keys = |which, event| scope_keys(table, which, event, &change.changed, bump);
        scope_keys(Which::All, event);
        scope_keys(Which::Key(&values[..self.key_length]), event);
        for (index, column) in self.columns.iter().enumerate() {
            let set = |value| Which::Having(column, value);
            match (change.old.get(index), change.new.get(index)) {
                (Some(old), Some(new)) if old != new => {
                    scope_keys(set(old), Event::Disappeared);
                    scope_keys(set(new), Event::Appeared);
                }
                (_, Some(value)) | (Some(value), None) => scope_keys(set(value), event),
                (None, None) => {}
            }
        }
    }
}

fn scope_keys(
    table: &str,
    which: Which<'_>,
    event: Event,
    changed: &Columns,
    bump: &mut impl FnMut(u64, Which<'_>, Aspect<'_>),
) {
    let scope = match which {
        Which::All => Scope::table(table),
        Which::Key(key) => Scope::row(table, key),
        Which::Having(column, value) => Scope::set(table, column, value),
    };
    let mut bump = |aspect: Aspect<'_>| bump(scope.key(aspect), which, aspect);
    bump(Aspect::Any);
    match (event, changed) {
        (Event::Disappeared, _) => bump(Aspect::Membership),
        (Event::Appeared, _) => {
            bump(Aspect::Membership);
            bump(Aspect::UnknownColumns);
        }
        (Event::Stayed, Columns::All) => bump(Aspect::UnknownColumns),
        (Event::Stayed, Columns::Named(columns)) => {
            for column in columns {
                bump(Aspect::Column(column));
            }
        }
    }
}

impl Which<'_> {
    fn to_owned(self) -> Rows {
        match self {
            Self::All => Rows::All,
            Self::Key(key) => Rows::Key(key.to_vec()),
            Self::Having(column, value) => Rows::Having(column.into(), value.clone()),
        }
    }
}

impl From<Aspect<'_>> for About {
    fn from(aspect: Aspect<'_>) -> Self {
        match aspect {
            Aspect::Any => Self::Anything,
            Aspect::Membership => Self::Membership,
            Aspect::Column(column) => Self::Column(column.into()),
            Aspect::UnknownColumns => Self::SomeColumns,
        }
    }
}
