//! Statements around the size above which they are logged as one change of the whole table.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::fixture::Fixture;

const BULK: usize = 1_000;

fn insert(from: usize, count: usize) -> String {
    format!(
        "INSERT INTO todo (id, user_id, text) SELECT i, 1, 'a' FROM generate_series({from}, {from} + {count} - 1) AS i"
    )
}

#[tokio::test]
async fn inserts_around_the_threshold() {
    let mut fixture = Fixture::postgres().await;
    assert_eq!(fixture.after(&insert(1, BULK)).await.len(), BULK);
    assert_eq!(fixture.after(&insert(BULK + 1, BULK + 1)).await, ["*todo"]);
}

#[tokio::test]
async fn updates_around_the_threshold_count_the_rows_that_differ() {
    let mut fixture = Fixture::postgres().await;
    fixture.after(&insert(1, 3 * BULK)).await;
    let changed = |count| format!("UPDATE todo SET text = CASE WHEN id <= {count} THEN text || 'b' ELSE text END");
    assert!(fixture.after(&changed(0)).await.is_empty());
    assert_eq!(fixture.after(&changed(1)).await, ["todo(1,1)>(1,1) text"]);
    assert_eq!(fixture.after(&changed(BULK)).await.len(), BULK);
    assert_eq!(fixture.after(&changed(BULK + 1)).await, ["*todo"]);
}

#[tokio::test]
async fn deletes_and_cascades_around_the_threshold() {
    let mut fixture = Fixture::postgres().await;
    fixture.after(&insert(1, 2 * BULK + 1)).await;
    assert_eq!(fixture.after(&format!("DELETE FROM todo WHERE id <= {BULK}")).await.len(), BULK);
    let cascade = fixture.after("DELETE FROM \"user\" WHERE id = 1").await;
    assert_eq!(cascade, ["*todo", "-user(1,one)"]);
}

/// Keys that move among themselves, in any number: each row that differs is told, and none that does not.
#[test]
fn moved_keys_tell_each_row_that_differs() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let fixture = runtime.block_on(Fixture::postgres());
    runtime.block_on(fixture.sql("ALTER TABLE todo DROP CONSTRAINT todo_pkey, ADD PRIMARY KEY (id) DEFERRABLE"));
    let fixture = tokio::sync::Mutex::new(fixture);
    let keys = 6_usize;
    let permutation = Just((0..keys).collect::<Vec<_>>()).prop_shuffle();
    let owners = proptest::collection::vec(1..=2_usize, keys);
    let mut runner = TestRunner::new(Config { cases: 40, failure_persistence: None, ..Config::default() });
    let case = (permutation, owners);
    runner
        .run(&case, |(target, owners)| {
            let (expected, seen) = runtime.block_on(async {
                let mut fixture = fixture.lock().await;
                let values: Vec<String> =
                    owners.iter().enumerate().map(|(id, owner)| format!("({id}, {owner})")).collect();
                let fresh = format!("DELETE FROM todo; INSERT INTO todo (id, user_id) VALUES {}", values.join(", "));
                fixture.after(&fresh).await;
                let cases: String = target.iter().enumerate().map(|(id, to)| format!(" WHEN {id} THEN {to}")).collect();
                let seen = fixture.after(&format!("UPDATE todo SET id = CASE id {cases} END")).await;
                let mut expected = Vec::new();
                for (from, to) in target.iter().enumerate() {
                    let (before, after) = (owners[*to], owners[from]);
                    if before != after {
                        expected.push(format!("todo({to},{before})>({to},{after}) user_id"));
                    }
                }
                expected.sort();
                (expected, seen)
            });
            prop_assert_eq!(expected, seen);
            Ok(())
        })
        .unwrap();
}
