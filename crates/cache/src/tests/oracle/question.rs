use std::cmp::Ordering;
use std::collections::BTreeMap;

use proptest::prelude::*;

use super::declared::{Declared, Of};
use super::world::{COLUMNS, Cell, Key, Row, TABLES, World, cell, column_and_cell};

/// Something that is asked of the database.
#[derive(Clone, Debug)]
pub(in crate::tests) struct Question {
    table: usize,
    among: Among,
    /// All of which hold.
    filters: Vec<(usize, Cell)>,
    /// Columns, and whether the greatest comes first.
    order: Vec<(usize, bool)>,
    ask: Ask,
    care: Care,
}

#[derive(Clone, Debug)]
enum Among {
    Row(Key),
    Set(usize, Cell),
    AnyOf(Vec<(usize, Cell)>),
    Everything,
    /// Those whose `left` is the value of `to` in a row of `table` that has `value` in `from`.
    Linked {
        table: usize,
        from: usize,
        value: Cell,
        to: usize,
    },
}

#[derive(Clone, Debug)]
enum Ask {
    Rows,
    Page(usize),
    Count,
    Existence,
    /// These columns of what is still there.
    Columns(Vec<usize>),
}

/// How precisely dependencies are declared. All of it is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::tests) enum Care {
    Precise,
    /// Without narrowing.
    Broad,
    /// On the whole table.
    Coarse,
}

#[derive(Clone, Debug, PartialEq)]
pub(in crate::tests) enum Answer {
    Rows(Vec<Row>),
    Page(Vec<Key>, bool),
    Count(usize),
    Existence(bool),
    Columns(BTreeMap<Key, Vec<Cell>>),
}

impl Question {
    pub(in crate::tests) fn answer(&self, world: &World) -> Answer {
        let mut rows: Vec<(&Key, &Row)> =
            world.tables[self.table].iter().filter(|(key, row)| self.admits(world, key, row)).collect();
        rows.sort_by(|one, other| self.compare(one, other));
        match &self.ask {
            Ask::Rows => Answer::Rows(rows.into_iter().map(|(_, row)| *row).collect()),
            Ask::Page(size) => {
                let keys = rows.iter().take(*size).map(|(key, _)| (*key).clone()).collect();
                Answer::Page(keys, rows.len() > *size)
            }
            Ask::Count => Answer::Count(rows.len()),
            Ask::Existence => Answer::Existence(!rows.is_empty()),
            Ask::Columns(columns) => {
                let cells = |row: &Row| columns.iter().map(|column| row[*column]).collect();
                Answer::Columns(rows.into_iter().map(|(key, row)| (key.clone(), cells(row))).collect())
            }
        }
    }

    /// What a careful user declares who has just been answered from `world`.
    pub(in crate::tests) fn declared(&self, world: &World) -> Vec<Declared> {
        let mut declared = match &self.among {
            Among::Row(key) => vec![self.narrowed(self.table, Of::Row(key.clone()), None)],
            Among::Set(column, cell) => vec![self.set(world, *column, *cell)],
            Among::AnyOf(sets) => sets.iter().map(|(column, cell)| self.set(world, *column, *cell)).collect(),
            Among::Everything => vec![self.narrowed(self.table, Of::Table, None)],
            Among::Linked { table, from, value, to } => {
                let shape = world.shapes[self.table];
                let target = |cell: &Cell| if shape.key == 1 { Of::Row(vec![*cell]) } else { Of::Set(0, *cell) };
                let targets = self.leading(world).into_iter().filter(Option::is_some);
                let targets = targets.map(|cell| self.narrowed(self.table, target(&cell), None));
                let tracked = *from < world.shapes[*table].tracked;
                let of = if tracked { Of::Set(*from, *value) } else { Of::Table };
                let columns = if tracked { vec![*to] } else { vec![*from, *to] };
                let narrowing = (self.care == Care::Precise).then_some((true, columns));
                targets.chain([Declared { table: *table, of, narrowing }]).collect()
            }
        };
        if self.care == Care::Coarse {
            declared.iter_mut().for_each(|declared| declared.of = Of::Table);
        }
        declared
    }

    pub(in crate::tests) fn care(&self) -> Care {
        self.care
    }

    /// What kind of question it is.
    pub(in crate::tests) fn kind(&self) -> String {
        let among = match self.among {
            Among::Row(_) => "row",
            Among::Set(..) | Among::AnyOf(_) => "set",
            Among::Everything => "table",
            Among::Linked { .. } => "linked",
        };
        let ask = match self.ask {
            Ask::Rows => "rows",
            Ask::Page(_) => "page",
            Ask::Count => "count",
            Ask::Existence => "existence",
            Ask::Columns(_) => "columns",
        };
        format!("{ask} of {among}")
    }

    /// For these tables: whole keys of rows, and links between tables that are there.
    pub(in crate::tests) fn fitted(mut self, world: &World) -> Self {
        self.table %= world.tables.len();
        match &mut self.among {
            Among::Row(key) => key.truncate(world.shapes[self.table].key),
            Among::Linked { table, .. } => *table %= world.tables.len(),
            Among::Set(..) | Among::AnyOf(_) | Among::Everything => {}
        }
        self
    }

    fn set(&self, world: &World, column: usize, cell: Cell) -> Declared {
        if column < world.shapes[self.table].tracked {
            self.narrowed(self.table, Of::Set(column, cell), None)
        } else {
            // Which rows are in the set is then a matter of a column like any other.
            self.narrowed(self.table, Of::Table, Some(column))
        }
    }

    fn narrowed(&self, table: usize, of: Of, decided_by: Option<usize>) -> Declared {
        let filtered = self.filters.iter().map(|(column, _)| *column).chain(decided_by);
        let narrowing = match &self.ask {
            _ if self.care != Care::Precise => None,
            Ask::Rows => None,
            Ask::Page(_) => Some((true, filtered.chain(self.order.iter().map(|(column, _)| *column)).collect())),
            Ask::Count | Ask::Existence => Some((true, filtered.collect())),
            Ask::Columns(columns) => Some((false, columns.clone())),
        };
        Declared { table, of, narrowing }
    }

    fn admits(&self, world: &World, key: &Key, row: &Row) -> bool {
        let among = match &self.among {
            Among::Row(one) => key == one,
            Among::Set(column, cell) => row[*column] == *cell,
            Among::AnyOf(sets) => sets.iter().any(|(column, cell)| row[*column] == *cell),
            Among::Everything => true,
            Among::Linked { .. } => row[0].is_some() && self.leading(world).contains(&row[0]),
        };
        among && self.filters.iter().all(|(column, cell)| row[*column] == *cell)
    }

    /// The values that links lead to.
    fn leading(&self, world: &World) -> Vec<Cell> {
        let Among::Linked { table, from, value, to } = self.among else { return Vec::new() };
        world.tables[table].values().filter(|row| row[from] == value).map(|row| row[to]).collect()
    }

    fn compare(&self, one: &(&Key, &Row), other: &(&Key, &Row)) -> Ordering {
        let by_columns = self.order.iter().fold(Ordering::Equal, |so_far, (column, descending)| {
            let ordering = one.1[*column].cmp(&other.1[*column]);
            so_far.then(if *descending { ordering.reverse() } else { ordering })
        });
        by_columns.then_with(|| one.0.cmp(other.0))
    }
}

impl Answer {
    /// Whether it is not the one that would be given now.
    pub(in crate::tests) fn differs(&self, now: &Self) -> bool {
        match (self, now) {
            (Self::Columns(before), Self::Columns(now)) => {
                before.iter().any(|(key, cells)| now.get(key).is_some_and(|now| now != cells))
            }
            (before, now) => before != now,
        }
    }
}

pub(in crate::tests) fn question() -> impl Strategy<Value = Question> {
    let column = || 0..COLUMNS.len();
    let links = (0..TABLES.len(), column_and_cell(), column());
    let among = prop_oneof![
        3 => (cell(0), cell(1)).prop_map(|(left, right)| Among::Row(vec![left.or(Some(0)), right.or(Some(0))])),
        4 => column_and_cell().prop_map(|(column, cell)| Among::Set(column, cell)),
        1 => prop::collection::vec(column_and_cell(), 0..3).prop_map(Among::AnyOf),
        2 => Just(Among::Everything),
        3 => links.prop_map(|(table, (from, value), to)| Among::Linked { table, from, value, to }),
    ];
    let ask = prop_oneof![
        Just(Ask::Rows),
        (1..4_usize).prop_map(Ask::Page),
        Just(Ask::Count),
        Just(Ask::Existence),
        prop::collection::vec(column(), 1..3).prop_map(Ask::Columns),
    ];
    let filters = prop::collection::vec(column_and_cell(), 0..2);
    let order = prop::collection::vec((column(), any::<bool>()), 0..3);
    let care = prop_oneof![6 => Just(Care::Precise), 1 => Just(Care::Broad), 1 => Just(Care::Coarse)];
    (0..TABLES.len(), among, filters, order, ask, care).prop_map(|(table, among, filters, order, ask, care)| Question {
        table,
        among,
        filters,
        order,
        ask,
        care,
    })
}
