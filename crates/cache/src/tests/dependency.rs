use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use tidewater_changelog::{Change, Column, Columns, Kind, Operation, RowChange, Tracking, Value};

use crate::Dependency;
use crate::tracked::Tracked;

const TRACKING: Tracking = Tracking::new(
    "todo",
    &[Column::new("id", Kind::Integer)],
    &[Column::new("owner", Kind::Integer), Column::new("done", Kind::Boolean)],
);
const COLUMNS: [&str; 5] = ["id", "owner", "done", "text", "rank"];

/// The values of all columns, in the order of `COLUMNS`.
type Row = [i64; 5];
type Rows = BTreeMap<i64, Row>;

#[derive(Clone, Debug)]
enum Step {
    Insert(Row),
    Update { nth: usize, column: usize, value: i64, named: bool },
    Delete { nth: usize },
    ChangeKey { nth: usize, to: i64 },
    Rewrite { value: i64 },
}

#[derive(Clone, Debug)]
enum Of {
    Row(i64),
    Set(usize, i64),
    Table,
}

#[derive(Clone, Debug)]
struct Narrowing {
    membership: bool,
    columns: Vec<usize>,
}

fn row() -> impl Strategy<Value = Row> {
    (0..6_i64, 0..3_i64, 0..2_i64, 0..3_i64, 0..3_i64)
        .prop_map(|(id, owner, done, text, rank)| [id, owner, done, text, rank])
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => row().prop_map(Step::Insert),
        8 => (0..6_usize, 1..5_usize, 0..3_i64, prop::bool::weighted(0.9)).prop_map(|(nth, column, value, named)| {
            let value = if column == 2 { value % 2 } else { value };
            Step::Update { nth, column, value, named }
        }),
        3 => (0..6_usize).prop_map(|nth| Step::Delete { nth }),
        2 => (0..6_usize, 0..6_i64).prop_map(|(nth, to)| Step::ChangeKey { nth, to }),
        1 => (0..3_i64).prop_map(|value| Step::Rewrite { value }),
    ]
}

fn dependency() -> impl Strategy<Value = (Of, Option<Narrowing>)> {
    let of = prop_oneof![
        (0..6_i64).prop_map(Of::Row),
        (0..3_usize, 0..6_i64)
            .prop_map(|(column, value)| Of::Set(column, if column == 2 { value % 2 } else { value % 3 })),
        Just(Of::Table),
    ];
    let narrowing = (any::<bool>(), prop::collection::vec(0..5_usize, 0..3))
        .prop_map(|(membership, columns)| Narrowing { membership, columns });
    (of, prop::option::of(narrowing))
}

fn value(column: usize, value: i64) -> Value {
    if column == 2 { Value::Boolean(value == 1) } else { Value::Integer(value) }
}

fn tracked_values(row: &Row) -> Vec<Value> {
    (0..3).map(|column| value(column, row[column])).collect()
}

fn inserted(row: &Row) -> Change {
    row_change(Operation::Insert, vec![], tracked_values(row), Columns::All)
}

fn deleted(row: &Row) -> Change {
    row_change(Operation::Delete, tracked_values(row), vec![], Columns::All)
}

fn row_change(operation: Operation, old: Vec<Value>, new: Vec<Value>, changed: Columns) -> Change {
    Change::Row(RowChange { table: Arc::from("todo"), operation, old, new, changed })
}

/// Does `step`; returns what a change log would say about it.
fn apply(rows: &mut Rows, step: &Step) -> Vec<Change> {
    let nth = |rows: &Rows, nth: usize| rows.values().nth(nth).copied();
    match step {
        Step::Insert(row) if rows.contains_key(&row[0]) => vec![],
        Step::Insert(row) => {
            rows.insert(row[0], *row);
            vec![inserted(row)]
        }
        Step::Update { nth: index, column, value, named } => {
            let Some(old) = nth(rows, *index).filter(|old| old[*column] != *value) else { return vec![] };
            let mut new = old;
            new[*column] = *value;
            rows.insert(new[0], new);
            let changed = if *named { Columns::Named(vec![Arc::from(COLUMNS[*column])]) } else { Columns::All };
            vec![row_change(Operation::Update, tracked_values(&old), tracked_values(&new), changed)]
        }
        Step::Delete { nth: index } => {
            let Some(old) = nth(rows, *index) else { return vec![] };
            rows.remove(&old[0]);
            vec![deleted(&old)]
        }
        Step::ChangeKey { nth: index, to } => {
            let Some(old) = nth(rows, *index).filter(|_| !rows.contains_key(to)) else { return vec![] };
            let mut new = old;
            new[0] = *to;
            rows.remove(&old[0]);
            rows.insert(*to, new);
            vec![deleted(&old), inserted(&new)]
        }
        Step::Rewrite { value } => {
            for row in rows.values_mut() {
                row[3] = *value;
            }
            vec![Change::Table { table: Arc::from("todo") }]
        }
    }
}

fn build((of, narrowing): &(Of, Option<Narrowing>)) -> Dependency {
    let dependency = match of {
        Of::Row(id) => Dependency::row("todo", &[Value::Integer(*id)]),
        Of::Set(column, of) => Dependency::set("todo", COLUMNS[*column], &value(*column, *of)),
        Of::Table => Dependency::table("todo"),
    };
    match narrowing {
        None => dependency,
        Some(Narrowing { membership, columns }) => {
            let columns: Vec<_> = columns.iter().map(|column| COLUMNS[*column]).collect();
            dependency.narrowed(*membership, &columns)
        }
    }
}

/// Whether what the dependency describes differs between two states: the oracle.
fn differs((of, narrowing): &(Of, Option<Narrowing>), before: &Rows, after: &Rows) -> bool {
    let described = |rows: &Rows| -> Rows {
        let holds = |row: &Row| match of {
            Of::Row(id) => row[0] == *id,
            Of::Set(column, value) => row[*column] == *value,
            Of::Table => true,
        };
        rows.iter().filter(|(_, row)| holds(row)).map(|(id, row)| (*id, *row)).collect()
    };
    let (before, after) = (described(before), described(after));
    let Some(Narrowing { membership, columns }) = narrowing else { return before != after };
    let ids = |rows: &Rows| rows.keys().copied().collect::<BTreeSet<_>>();
    let stayed = ids(&before).intersection(&ids(&after)).copied().collect::<Vec<_>>();
    *membership && ids(&before) != ids(&after)
        || stayed.iter().any(|id| columns.iter().any(|column| before[id][*column] != after[id][*column]))
}

fn bumped(changes: &[Change]) -> HashSet<u64> {
    let tracked = Tracked::new(&[TRACKING]);
    let mut keys = HashSet::new();
    for change in changes {
        tracked.keys(change, |key| {
            keys.insert(key);
        });
    }
    keys
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn whatever_differs_is_invalidated(
        rows in prop::collection::vec(row(), 0..6),
        steps in prop::collection::vec(step(), 0..6),
        dependencies in prop::collection::vec(dependency(), 1..8),
    ) {
        let before: Rows = rows.into_iter().map(|row| (row[0], row)).collect();
        let mut after = before.clone();
        let changes: Vec<Change> = steps.iter().flat_map(|step| apply(&mut after, step)).collect();
        let keys = bumped(&changes);
        for dependency in &dependencies {
            let invalidated = build(dependency).hashes().any(|hash| keys.contains(&hash));
            prop_assert!(invalidated || !differs(dependency, &before, &after), "{dependency:?} missed {changes:?}");
        }
    }
}

/// A dependency that asks for membership, or for everything, is invalidated by exactly the changes that concern it. One that asks
/// for columns only pays for rows that appear.
#[test]
fn a_single_change_invalidates_nothing_that_it_leaves_alone() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut spared, mut columns_only, mut invalidated) = (0, 0, 0);
    let inputs = (prop::collection::vec(row(), 1..6), step(), dependency());
    for _ in 0..20_000 {
        let (rows, step, dependency) = inputs.new_tree(&mut runner).unwrap().current();
        let before: Rows = rows.into_iter().map(|row| (row[0], row)).collect();
        let mut after = before.clone();
        if let Step::Rewrite { .. } | Step::Update { named: false, .. } = step {
            continue;
        }
        let changes = apply(&mut after, &step);
        if changes.is_empty() || differs(&dependency, &before, &after) {
            continue;
        }
        let keys = bumped(&changes);
        let is_invalidated = build(&dependency).hashes().any(|hash| keys.contains(&hash));
        if dependency.1.as_ref().is_none_or(|narrowing| narrowing.membership) {
            spared += 1;
            assert!(!is_invalidated, "{dependency:?} by {changes:?}");
        } else {
            columns_only += 1;
            invalidated += usize::from(is_invalidated);
        }
    }
    println!("spared: {spared}; on columns only: {invalidated} of {columns_only} invalidated without a difference");
    assert!(spared > 1_000 && invalidated * 2 < columns_only);
}

#[test]
fn an_unknown_table_and_a_misshapen_change_count_as_changes_of_the_whole_table() {
    let unknown = RowChange {
        table: Arc::from("other"),
        operation: Operation::Insert,
        old: vec![],
        new: vec![Value::Integer(1)],
        changed: Columns::All,
    };
    let keys = bumped(&[Change::Row(unknown)]);
    assert!(
        Dependency::row("other", &[Value::Integer(9)]).narrowed(false, &[]).hashes().any(|key| keys.contains(&key))
    );
    let misshapen = row_change(Operation::Insert, vec![], vec![Value::Integer(1)], Columns::All);
    let keys = bumped(&[misshapen]);
    assert!(Dependency::row("todo", &[Value::Integer(9)]).hashes().any(|key| keys.contains(&key)));
}

/// Other processes and later versions read these from Redis: if they change, so must the format byte of the envelope.
#[test]
fn hashes_are_stable() {
    let hashes = |dependency: Dependency| dependency.hashes().collect::<Vec<_>>();
    let uuid = Value::Uuid(uuid::Uuid::from_u128(7));
    let all = [
        hashes(Dependency::row("todo", &[Value::Integer(1)])),
        hashes(Dependency::set("todo", "owner", &uuid).narrowed(true, &["done"])),
        hashes(Dependency::set("todo", "owner", &Value::Null)),
        hashes(Dependency::table("todo")),
    ];
    let bulk = 15_699_074_562_977_357_417;
    let expected = [
        vec![bulk, 17_117_027_774_928_997_434],
        vec![bulk, 14_817_843_467_601_001_199, 13_487_286_373_583_367_583, 15_084_954_099_328_550_521],
        vec![bulk, 11_769_430_310_397_705_164],
        vec![bulk, 6_814_999_365_328_986_596],
    ];
    assert_eq!(all, expected);
}
