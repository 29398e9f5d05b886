use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use tidewater_changelog::{Change, Column, Columns, Kind, Operation, RowChange, Tracking, Value};
use uuid::Uuid;

pub(in crate::tests) static COLUMNS: [Column; 7] = [
    Column::new("left", Kind::Integer),
    Column::new("right", Kind::Text),
    Column::new("owner", Kind::Uuid),
    Column::new("done", Kind::Boolean),
    Column::new("label", Kind::Text),
    Column::new("text", Kind::Text),
    Column::new("rank", Kind::Integer),
];
pub(in crate::tests) const TABLES: [&str; 3] = ["one", "two", "three"];

/// One of a few values, or none.
pub(in crate::tests) type Cell = Option<u8>;
pub(in crate::tests) type Row = [Cell; COLUMNS.len()];
/// The cells of a primary key.
pub(in crate::tests) type Key = Vec<Cell>;
pub(in crate::tests) type Rows = BTreeMap<Key, Row>;

/// What the change log records of a table: its first columns, of which the very first are the primary key.
#[derive(Clone, Copy, Debug)]
pub(in crate::tests) struct Shape {
    pub(in crate::tests) key: usize,
    pub(in crate::tests) tracked: usize,
}

#[derive(Clone, Debug)]
pub(in crate::tests) struct World {
    pub(in crate::tests) shapes: Vec<Shape>,
    pub(in crate::tests) tables: Vec<Rows>,
}

/// Something that happens to a table, and how it is told.
#[derive(Clone, Debug)]
pub(in crate::tests) struct Step {
    table: usize,
    what: What,
    told: Told,
}

#[derive(Clone, Debug)]
enum What {
    Insert(Row),
    /// SQLite logs a row that an upsert changes as deleted, too.
    Upsert(Row),
    Replace(Row),
    Update(usize, Vec<(usize, Cell)>),
    Delete(usize),
    ChangeKey(usize, Row),
    Rewrite(usize, Cell),
    Clear,
}

#[derive(Clone, Copy, Debug)]
enum Told {
    Exactly,
    /// With no telling which columns changed.
    Vaguely,
    /// With other values than the table tracks.
    Misshapen,
    /// As a change of the whole table: what the log holds cannot be read.
    Unreadable,
}

impl Shape {
    pub(in crate::tests) fn tracking(self, table: usize) -> Tracking {
        Tracking::new(TABLES[table], &COLUMNS[..self.key], &COLUMNS[self.key..self.tracked])
    }

    fn key_of(self, row: &Row) -> Key {
        row[..self.key].to_vec()
    }

    /// `row` with a whole primary key.
    fn keyed(self, row: &Row) -> Row {
        let mut row = *row;
        for cell in &mut row[..self.key] {
            *cell = cell.or(Some(0));
        }
        row
    }
}

impl World {
    pub(in crate::tests) fn new(shapes: &[Shape], rows: &[(usize, Row)]) -> Self {
        let mut world = Self { shapes: shapes.to_vec(), tables: vec![Rows::new(); shapes.len()] };
        for (table, row) in rows {
            let table = table % shapes.len();
            let row = shapes[table].keyed(row);
            world.tables[table].insert(shapes[table].key_of(&row), row);
        }
        world
    }

    pub(in crate::tests) fn tracking(&self) -> Vec<Tracking> {
        self.shapes.iter().enumerate().map(|(table, shape)| shape.tracking(table)).collect()
    }

    /// Does `step`; returns what the change log says about it.
    pub(in crate::tests) fn apply(&mut self, step: &Step) -> Vec<Change> {
        let table = step.table % self.tables.len();
        let (shape, rows) = (self.shapes[table], &mut self.tables[table]);
        let name: Arc<str> = Arc::from(TABLES[table]);
        let log = |operation, old: Option<&Row>, new: Option<&Row>| {
            let values = |row: Option<&Row>| row.map_or_else(Vec::new, |row| tracked(shape, row));
            let changed = match (old, new) {
                (Some(old), Some(new)) => named((0..COLUMNS.len()).filter(|column| old[*column] != new[*column])),
                _ => Columns::All,
            };
            RowChange { table: Arc::clone(&name), operation, old: values(old), new: values(new), changed }
        };
        let inserted = |row: &Row| log(Operation::Insert, None, Some(row));
        let deleted = |row: &Row| log(Operation::Delete, Some(row), None);
        let updated = |old: &Row, new: &Row| log(Operation::Update, Some(old), Some(new));
        let nth = |rows: &Rows, nth: usize| rows.values().nth(nth).copied();
        let changes = match &step.what {
            What::Insert(row) | What::Upsert(row) | What::Replace(row) => {
                let row = shape.keyed(row);
                let key = shape.key_of(&row);
                match (rows.get(&key).copied(), &step.what) {
                    (Some(_), What::Insert(_)) => vec![],
                    (Some(old), What::Upsert(_)) => {
                        rows.insert(key, row);
                        if old == row { vec![deleted(&old)] } else { vec![deleted(&old), updated(&old, &row)] }
                    }
                    (old, _) => {
                        rows.insert(key, row);
                        old.iter().map(deleted).chain([inserted(&row)]).collect()
                    }
                }
            }
            What::Update(index, cells) => {
                let Some(old) = nth(rows, *index) else { return vec![] };
                let mut new = old;
                for (column, cell) in cells.iter().filter(|(column, _)| *column >= shape.key) {
                    new[*column] = *cell;
                }
                rows.insert(shape.key_of(&new), new);
                if new == old { vec![] } else { vec![updated(&old, &new)] }
            }
            What::Delete(index) => {
                let Some(old) = nth(rows, *index) else { return vec![] };
                rows.remove(&shape.key_of(&old));
                vec![deleted(&old)]
            }
            What::ChangeKey(index, to) => {
                let Some(old) = nth(rows, *index) else { return vec![] };
                let mut new = old;
                new[..shape.key].copy_from_slice(&shape.keyed(to)[..shape.key]);
                if rows.contains_key(&shape.key_of(&new)) {
                    return vec![];
                }
                rows.remove(&shape.key_of(&old));
                rows.insert(shape.key_of(&new), new);
                vec![deleted(&old), inserted(&new)]
            }
            What::Rewrite(column, cell) => {
                for row in rows.values_mut().filter(|_| *column >= shape.key) {
                    row[*column] = *cell;
                }
                return vec![Change::Table { table: name }];
            }
            What::Clear => {
                rows.clear();
                return vec![Change::Table { table: name }];
            }
        };
        changes.into_iter().map(|change| step.told.tell(change)).collect()
    }
}

impl Step {
    /// Whether it changes at most one row, and is told as it was.
    pub(in crate::tests) fn is_one_row_told_exactly(&self) -> bool {
        let one_row = matches!(self.what, What::Insert(_) | What::Update(..) | What::Delete(_) | What::ChangeKey(..));
        one_row && matches!(self.told, Told::Exactly)
    }
}

impl Told {
    fn tell(self, mut change: RowChange) -> Change {
        match self {
            Self::Exactly => {}
            Self::Vaguely => change.changed = Columns::All,
            Self::Misshapen => {
                let values = if change.new.is_empty() { &mut change.old } else { &mut change.new };
                values.push(Value::Null);
            }
            Self::Unreadable => return Change::Table { table: change.table },
        }
        Change::Row(change)
    }
}

pub(in crate::tests) fn value(column: usize, cell: Cell) -> Value {
    let Some(cell) = cell else { return Value::Null };
    match COLUMNS[column].kind {
        Kind::Boolean => Value::Boolean(cell == 1),
        Kind::Integer => Value::Integer(cell.into()),
        Kind::Text => Value::Text(cell.to_string()),
        Kind::Uuid => Value::Uuid(Uuid::from_u128(cell.into())),
    }
}

fn tracked(shape: Shape, row: &Row) -> Vec<Value> {
    (0..shape.tracked).map(|column| value(column, row[column])).collect()
}

fn named(columns: impl Iterator<Item = usize>) -> Columns {
    Columns::Named(columns.map(|column| Arc::from(COLUMNS[column].name)).collect())
}

pub(in crate::tests) fn shape() -> impl Strategy<Value = Shape> {
    (1..=2_usize, 0..=3_usize).prop_map(|(key, tracked)| Shape { key, tracked: (key + tracked).min(5) })
}

pub(in crate::tests) fn cell(column: usize) -> impl Strategy<Value = Cell> {
    let domain = [4_u8, 2, 3, 2, 2, 3, 3][column];
    prop::option::weighted(0.85, 0..domain)
}

pub(in crate::tests) fn column_and_cell() -> impl Strategy<Value = (usize, Cell)> {
    (0..COLUMNS.len()).prop_flat_map(|column| (Just(column), cell(column)))
}

pub(in crate::tests) fn row() -> impl Strategy<Value = Row> {
    (cell(0), cell(1), cell(2), cell(3), cell(4), cell(5), cell(6))
        .prop_map(|(a, b, c, d, e, f, g)| [a, b, c, d, e, f, g])
}

pub(in crate::tests) fn step() -> impl Strategy<Value = Step> {
    let what = prop_oneof![
        5 => row().prop_map(What::Insert),
        1 => row().prop_map(What::Upsert),
        1 => row().prop_map(What::Replace),
        14 => (0..8_usize, prop::collection::vec(column_and_cell(), 1..3)).prop_map(|(nth, cells)| What::Update(nth, cells)),
        3 => (0..8_usize).prop_map(What::Delete),
        2 => (0..8_usize, row()).prop_map(|(nth, to)| What::ChangeKey(nth, to)),
        1 => column_and_cell().prop_map(|(column, cell)| What::Rewrite(column, cell)),
        1 => Just(What::Clear),
    ];
    let told = prop_oneof![
        20 => Just(Told::Exactly),
        2 => Just(Told::Vaguely),
        1 => Just(Told::Misshapen),
        1 => Just(Told::Unreadable),
    ];
    (0..TABLES.len(), what, told).prop_map(|(table, what, told)| Step { table, what, told })
}
