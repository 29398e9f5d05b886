use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};

use proptest::prelude::*;
use tidewater_changelog::{Change, Column, Columns, Kind, Operation, RowChange, Tracking, Value};
use xxhash_rust::xxh3::xxh3_64;

use crate::tide_table::TideTable;
use crate::tracked::Tracked;
use crate::{Dependency, Footprint, Position};

fn hash(key: u64) -> u64 {
    xxh3_64(&key.to_le_bytes())
}

proptest! {
    #[test]
    fn it_never_answers_an_older_position_than_the_last_change(
        changes in prop::collection::vec(0..2_000_u64, 0..6_000),
    ) {
        let (table, mut writer) = TideTable::new(0);
        let mut model = HashMap::new();
        for (step, key) in changes.into_iter().enumerate() {
            let at = Position::new(step as u64 / 3 + 1);
            writer.raise(hash(key), at);
            model.insert(key, at);
        }
        for key in 0..2_000 {
            let last = model.get(&key).copied().unwrap_or_default();
            prop_assert!(table.last_change(hash(key)) >= last);
        }
    }
}

#[test]
fn it_is_exact_while_there_is_room() {
    let (table, mut writer) = TideTable::new(1 << 20);
    for key in 0..1_000 {
        writer.raise(hash(key), Position::new(key + 1));
    }
    for key in 0..1_000 {
        assert_eq!(table.last_change(hash(key)), Position::new(key + 1));
    }
    assert_eq!(table.last_change(hash(5_000)), Position::default());
}

#[test]
fn nothing_from_before_the_floor_is_valid_and_nothing_from_the_last_position() {
    let (table, mut writer) = TideTable::new(0);
    let nothing = Footprint::default();
    assert!(table.valid(&nothing, Position::default()));
    writer.forget_before(Position::new(5));
    assert!(!table.valid(&nothing, Position::new(4)));
    assert!(table.valid(&nothing, Position::new(5)));
    assert!(!table.valid(&nothing, Position::LAST));
    assert!(table.is_only_forgotten(&nothing, Position::new(5)));
    for gone in [Position::new(4), Position::LAST] {
        assert!(!table.is_only_forgotten(&nothing, gone), "it is gone on purpose: {gone:?}");
    }
}

/// Readers that take the published position and then look keys up must never see one of them older than what was noted at or
/// before that position; the table is so small that entries are evicted all the time.
#[test]
fn readers_see_every_change_up_to_the_published_position() {
    const KEYS: u64 = 1_500;
    const ROUNDS: u64 = 60_000;
    let (table, mut writer) = TideTable::new(0);
    let published = Arc::new(AtomicU64::new(0));
    // The position at which each key changed last, stored before the position is published.
    let truth: Arc<Vec<AtomicU64>> = Arc::new((0..KEYS).map(|_| AtomicU64::new(0)).collect());
    let start = Arc::new(Barrier::new(4));
    let readers: Vec<_> = (0..3_u64)
        .map(|seed| {
            let (table, published, truth, start) =
                (Arc::clone(&table), Arc::clone(&published), Arc::clone(&truth), Arc::clone(&start));
            std::thread::spawn(move || {
                start.wait();
                let (mut key, mut looks) = (seed, 0_u64);
                loop {
                    let position = published.load(Ordering::Acquire);
                    key = (key * 31 + 17) % KEYS;
                    // What is known of this key by now changed at the published position or before, or is being changed.
                    let known = truth[key as usize].load(Ordering::Acquire);
                    if known <= position {
                        assert!(table.last_change(hash(key)).get() >= known, "{key} at {position}");
                        looks += 1;
                    }
                    if position == ROUNDS {
                        return looks;
                    }
                }
            })
        })
        .collect();
    start.wait();
    for position in 1..=ROUNDS {
        for nth in 0..4 {
            let key = hash(position * 4 + nth) % KEYS;
            writer.raise(hash(key), Position::new(position));
            truth[key as usize].store(position, Ordering::Release);
        }
        published.store(position, Ordering::Release);
    }
    for reader in readers {
        assert!(reader.join().unwrap() > 0);
    }
}

/// 1,000 row changes a second over 100,000 rows of 1,000 owners for ten minutes at a poll every 10 ms, on a table of the default
/// size; what each row's memo was filled with is sampled all the time.
#[test]
fn few_memos_are_invalidated_though_their_rows_did_not_change() {
    const ROWS: u64 = 100_000;
    const TRACKING: Tracking =
        Tracking::new("todo", &[Column::new("id", Kind::Integer)], &[Column::new("owner", Kind::Integer)]);
    let tracked = Tracked::new(&[TRACKING]);
    let (table, mut writer) = TideTable::new(8 << 20);
    let footprints: Vec<Footprint> =
        (0..ROWS).map(|id| Dependency::row("todo", &[Value::Integer(id as i64)]).into()).collect();
    let mut filled = vec![(Position::default(), false); ROWS as usize];
    let (mut used, mut false_invalidations, mut true_invalidations) = (0_u64, 0_u64, 0_u64);
    for poll in 1..=60_000_u64 {
        let at = Position::new(poll);
        for nth in 0..10 {
            let id = hash(poll * 10 + nth) % ROWS;
            let values = vec![Value::Integer(id as i64), Value::Integer((id % 1_000) as i64)];
            let change = Change::Row(RowChange {
                table: Arc::from("todo"),
                operation: Operation::Update,
                old: values.clone(),
                new: values,
                changed: Columns::Named(vec![Arc::from("text")]),
            });
            tracked.keys(&change, |key| writer.raise(key, at));
            filled[id as usize].1 = true;
        }
        for nth in 0..10 {
            let id = (hash(!(poll * 10 + nth)) % ROWS) as usize;
            let (as_of, changed) = filled[id];
            used += 1;
            if !table.valid(&footprints[id], as_of) {
                if changed {
                    true_invalidations += 1
                } else {
                    false_invalidations += 1
                }
                filled[id] = (at, false);
            }
        }
    }
    println!("{false_invalidations} false and {true_invalidations} true invalidations in {used} uses");
    assert!(false_invalidations * 100 < used, "{false_invalidations} of {used}");
}
