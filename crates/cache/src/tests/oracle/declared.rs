use std::collections::BTreeSet;

use proptest::prelude::*;

use super::world::{COLUMNS, Cell, Key, Rows, TABLES, World, cell, column_and_cell, value};
use crate::Dependency;

/// A dependency as it is declared, which brute force can read.
#[derive(Clone, Debug)]
pub(in crate::tests) struct Declared {
    pub(super) table: usize,
    pub(super) of: Of,
    /// Membership, and which columns.
    pub(super) narrowing: Option<(bool, Vec<usize>)>,
}

#[derive(Clone, Debug)]
pub(super) enum Of {
    Row(Key),
    Set(usize, Cell),
    Table,
}

impl Declared {
    pub(in crate::tests) fn build(&self) -> Dependency {
        let table = TABLES[self.table];
        let dependency = match &self.of {
            Of::Row(key) => {
                let key: Vec<_> = key.iter().enumerate().map(|(column, cell)| value(column, *cell)).collect();
                Dependency::row(table, &key)
            }
            Of::Set(column, cell) => Dependency::set(table, COLUMNS[*column].name, &value(*column, *cell)),
            Of::Table => Dependency::table(table),
        };
        match &self.narrowing {
            None => dependency,
            Some((membership, columns)) => {
                let columns: Vec<_> = columns.iter().map(|column| COLUMNS[*column].name).collect();
                dependency.narrowed(*membership, &columns)
            }
        }
    }

    /// Whether what it describes differs between two states.
    pub(in crate::tests) fn differs(&self, before: &World, after: &World) -> bool {
        let (before, after) = (self.described(before), self.described(after));
        let Some((membership, columns)) = &self.narrowing else { return before != after };
        let ids = |rows: &Rows| rows.keys().cloned().collect::<BTreeSet<_>>();
        *membership && ids(&before) != ids(&after)
            || before.iter().any(|(key, old)| {
                after.get(key).is_some_and(|new| columns.iter().any(|column| old[*column] != new[*column]))
            })
    }

    /// Whether it is promised to be spared by what it does not describe: rows that appear count as changed columns otherwise.
    pub(in crate::tests) fn is_exact(&self) -> bool {
        self.narrowing.as_ref().is_none_or(|(membership, _)| *membership)
    }

    /// For these tables: on a row with a whole key, on a set of a tracked column, or on a table.
    pub(in crate::tests) fn fitted(mut self, world: &World) -> Self {
        self.table %= world.tables.len();
        let shape = world.shapes[self.table];
        match &mut self.of {
            Of::Row(key) => key.truncate(shape.key),
            Of::Set(column, _) if *column >= shape.tracked => self.of = Of::Table,
            Of::Set(..) | Of::Table => {}
        }
        self
    }

    fn described(&self, world: &World) -> Rows {
        let mut rows = world.tables[self.table].clone();
        rows.retain(|key, row| match &self.of {
            Of::Row(one) => key == one,
            Of::Set(column, cell) => row[*column] == *cell,
            Of::Table => true,
        });
        rows
    }
}

/// Any dependency at all.
pub(in crate::tests) fn declared() -> impl Strategy<Value = Declared> {
    let of = prop_oneof![
        (cell(0), cell(1)).prop_map(|(left, right)| Of::Row(vec![left.or(Some(0)), right.or(Some(0))])),
        column_and_cell().prop_map(|(column, cell)| Of::Set(column, cell)),
        Just(Of::Table),
    ];
    let narrowing = prop::option::of((any::<bool>(), prop::collection::vec(0..COLUMNS.len(), 0..3)));
    (0..TABLES.len(), of, narrowing).prop_map(|(table, of, narrowing)| Declared { table, of, narrowing })
}
