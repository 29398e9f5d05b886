use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tidewater_changelog::{Change, Column, Columns, Generation, Kind, Mark, Operation, RowChange, Tracking, Value};

use super::oracle::{Answer, Care, Declared, Question, Row, Shape, Step, World, declared, question, row, shape, step};
use crate::tide::{Tide, TideWriter};
use crate::tracked::Tracked;
use crate::{Dependency, Footprint, Position};

const TRACKING: Tracking = Tracking::new(
    "todo",
    &[Column::new("id", Kind::Integer)],
    &[Column::new("owner", Kind::Integer), Column::new("done", Kind::Boolean)],
);
/// Of a table that nobody asks about: its changes only take up room.
const NOISE: Tracking = Tracking::new("noise", &[Column::new("id", Kind::Integer)], &[]);
/// What never evicts anything here.
const AMPLE: usize = 1 << 16;

/// One poll, and what is asked after it.
#[derive(Clone, Debug)]
struct Round {
    steps: Vec<Step>,
    noise: u8,
    restarts: bool,
    /// Of each question, and how many positions before its answer the memo is placed.
    uses: Vec<(usize, u64)>,
}

#[derive(Clone, Debug)]
struct History {
    shapes: Vec<Shape>,
    rows: Vec<(usize, Row)>,
    questions: Vec<Question>,
    rounds: Vec<Round>,
}

/// What a question was answered, and what the cache kept with it.
struct Kept {
    answer: Answer,
    footprint: Footprint,
    as_of: Position,
}

/// One use of what was kept.
struct Use<'a> {
    question: &'a Question,
    kept: &'a Kept,
    differs: bool,
    valid: bool,
}

/// A process that follows a history.
struct Process {
    world: World,
    tide: Arc<Tide>,
    writer: TideWriter,
    sequence: u64,
}

impl Process {
    fn start(shapes: &[Shape], rows: &[(usize, Row)], table_bytes: usize) -> Self {
        let world = World::new(shapes, rows);
        let mut tracking = world.tracking();
        tracking.push(NOISE);
        let (tide, writer) = TideWriter::new(table_bytes, Arc::new(Tracked::new(&tracking)));
        let mut process = Self { world, tide, writer, sequence: 0 };
        process.poll(vec![], true);
        process
    }

    fn poll(&mut self, changes: Vec<Change>, restarts: bool) {
        self.sequence += 1;
        let mark = Mark::Sequence(self.sequence);
        if restarts {
            self.writer.start_over(Generation::new("generation"), vec![(mark, changes)]).unwrap();
        } else {
            let next = self.writer.note(mark, &changes).unwrap();
            self.writer.publish(next);
        }
    }

    fn follow(&mut self, round: &Round) {
        let mut changes: Vec<Change> = round.steps.iter().flat_map(|step| self.world.apply(step)).collect();
        for nth in 0..round.noise {
            let id = vec![Value::Integer((self.sequence * 256).cast_signed() + i64::from(nth))];
            changes.push(row_change("noise", Operation::Insert, vec![], id, Columns::All));
        }
        self.poll(changes, round.restarts);
    }
}

impl History {
    /// Uses what is kept for its questions as it goes, and keeps anew what is not valid.
    fn play(&self, table_bytes: usize, mut observe: impl FnMut(&Use<'_>)) {
        let mut process = Process::start(&self.shapes, &self.rows, table_bytes);
        let fitted = self.questions.iter().map(|question| question.clone().fitted(&process.world));
        let questions: Vec<Question> = fitted.collect();
        let mut kept = BTreeMap::<usize, Kept>::new();
        for round in &self.rounds {
            process.follow(round);
            for (index, lag) in &round.uses {
                let index = index % questions.len();
                let question = &questions[index];
                let now = question.answer(&process.world);
                if let Some(kept) = kept.get(&index) {
                    let valid = process.tide.valid(&kept.footprint, kept.as_of);
                    observe(&Use { question, kept, differs: kept.answer.differs(&now), valid });
                    if valid {
                        continue;
                    }
                }
                let dependencies = question.declared(&process.world);
                let footprint = dependencies.iter().map(Declared::build).collect();
                let as_of = Position::new(process.tide.now().position.get().saturating_sub(*lag));
                kept.insert(index, Kept { answer: now, footprint, as_of });
            }
        }
    }
}

fn round(noise: u8, most_lag: u64) -> impl Strategy<Value = Round> {
    (
        prop::collection::vec(step(), 0..4),
        0..=noise,
        prop::bool::weighted(0.02),
        prop::collection::vec((0..6_usize, 0..=most_lag), 1..6),
    )
        .prop_map(|(steps, noise, restarts, uses)| Round { steps, noise, restarts, uses })
}

fn history(noise: u8, most_lag: u64) -> impl Strategy<Value = History> {
    (
        prop::collection::vec(shape(), 1..=3),
        prop::collection::vec((0..3_usize, row()), 0..16),
        prop::collection::vec(question(), 1..6),
        prop::collection::vec(round(noise, most_lag), 2..12),
    )
        .prop_map(|(shapes, rows, questions, rounds)| History { shapes, rows, questions, rounds })
}

fn row_change(table: &str, operation: Operation, old: Vec<Value>, new: Vec<Value>, changed: Columns) -> Change {
    Change::Row(RowChange { table: Arc::from(table), operation, old, new, changed })
}

fn bumped(tracking: &[Tracking], changes: &[Change]) -> HashSet<u64> {
    let tracked = Tracked::new(tracking);
    let mut keys = HashSet::new();
    for change in changes {
        tracked.keys(change, |key| {
            keys.insert(key);
        });
    }
    keys
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_answer_is_valid_that_would_be_another(history in history(0, 3)) {
        history.play(AMPLE, |used| {
            let Use { question, kept, .. } = used;
            assert!(!used.differs || !used.valid, "{question:?} is still answered {:?}", kept.answer);
        });
    }

    #[test]
    fn whatever_differs_is_invalidated(
        shapes in prop::collection::vec(shape(), 1..=3),
        rows in prop::collection::vec((0..3_usize, row()), 0..16),
        steps in prop::collection::vec(step(), 0..6),
        dependencies in prop::collection::vec(declared(), 1..8),
    ) {
        let before = World::new(&shapes, &rows);
        let mut after = before.clone();
        let changes: Vec<Change> = steps.iter().flat_map(|step| after.apply(step)).collect();
        let keys = bumped(&before.tracking(), &changes);
        for dependency in dependencies {
            let dependency = dependency.fitted(&before);
            let invalidated = dependency.build().hashes().any(|hash| keys.contains(&hash));
            prop_assert!(invalidated || !dependency.differs(&before, &after), "{dependency:?} missed {changes:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_answer_is_valid_that_would_be_another_though_changes_are_forgotten(history in history(60, 3)) {
        history.play(0, |used| {
            let Use { question, kept, .. } = used;
            assert!(!used.differs || !used.valid, "{question:?} is still answered {:?}", kept.answer);
        });
    }
}

/// A dependency that asks for membership, or for everything, is invalidated by exactly the changes that concern it. One that asks
/// for columns only pays for rows that appear.
#[test]
fn a_single_change_invalidates_nothing_that_it_leaves_alone() {
    let mut runner = TestRunner::deterministic();
    let inputs = (
        prop::collection::vec(shape(), 1..=3),
        prop::collection::vec((0..3_usize, row()), 1..16),
        step().prop_filter("one row, told exactly", Step::is_one_row_told_exactly),
        declared(),
    );
    let (mut spared, mut columns_only, mut invalidated) = (0, 0, 0);
    for _ in 0..4_000 {
        let (shapes, rows, step, dependency) = inputs.new_tree(&mut runner).unwrap().current();
        let before = World::new(&shapes, &rows);
        let mut after = before.clone();
        let changes = after.apply(&step);
        let dependency = dependency.fitted(&before);
        if changes.is_empty() || dependency.differs(&before, &after) {
            continue;
        }
        let keys = bumped(&before.tracking(), &changes);
        let is_invalidated = dependency.build().hashes().any(|hash| keys.contains(&hash));
        if dependency.is_exact() {
            spared += 1;
            assert!(!is_invalidated, "{dependency:?} by {changes:?}");
        } else {
            columns_only += 1;
            invalidated += usize::from(is_invalidated);
        }
    }
    println!("spared: {spared}; on columns only: {invalidated} of {columns_only} invalidated without a difference");
    assert!(spared > 300 && invalidated * 4 < columns_only);
}

/// How often an answer that would be the same is not valid, with an ample table and a log that tells exactly what happens.
#[test]
fn few_answers_are_invalidated_that_would_be_the_same() {
    let mut runner = TestRunner::deterministic();
    let histories = history(0, 0);
    let mut counts = BTreeMap::<(Care, String), (u32, u32)>::new();
    for _ in 0..800 {
        let mut history = histories.new_tree(&mut runner).unwrap().current();
        for round in &mut history.rounds {
            round.restarts = false;
            round.steps.retain(Step::is_one_row_told_exactly);
        }
        history.play(AMPLE, |used| {
            if !used.differs {
                let (uses, invalidated) = counts.entry((used.question.care(), used.question.kind())).or_default();
                *uses += 1;
                *invalidated += u32::from(!used.valid);
            }
        });
    }
    for ((care, kind), (uses, invalidated)) in &counts {
        println!("{care:?} {kind}: {invalidated} of {uses}");
    }
    let share = |care: Care| {
        let of_care = counts.iter().filter(|((of, _), _)| *of == care).map(|(_, counts)| *counts);
        let (uses, invalidated) = of_care.reduce(|one, other| (one.0 + other.0, one.1 + other.1)).unwrap();
        f64::from(invalidated) / f64::from(uses)
    };
    let (precise, broad, coarse) = (share(Care::Precise), share(Care::Broad), share(Care::Coarse));
    println!("precise: {precise:.3}, broad: {broad:.3}, coarse: {coarse:.3}");
    assert!(precise < 0.1 && precise < broad && broad < coarse);
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
    let keys = bumped(&[TRACKING], &[Change::Row(unknown)]);
    assert!(
        Dependency::row("other", &[Value::Integer(9)]).narrowed(false, &[]).hashes().any(|key| keys.contains(&key))
    );
    let misshapen = row_change("todo", Operation::Insert, vec![], vec![Value::Integer(1)], Columns::All);
    let keys = bumped(&[TRACKING], &[misshapen]);
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
