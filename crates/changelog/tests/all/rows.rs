//! What one statement or transaction logs, on both databases.

use futures::FutureExt;
use tidewater_changelog::ChangeSource;
use tidewater_changelog::{Change, Column, Kind, RowChange, Tracking, Value};
use tidewater_testkit::TestDatabase;
use uuid::Uuid;

use crate::fixture::{Fixture, continued, describe_all, on_both};

on_both! {
    async fn insert_update_delete(fixture) {
        assert_eq!(fixture.after("INSERT INTO todo (id, user_id, text) VALUES (1, 1, 'a'), (2, NULL, 'b')").await, ["+todo(1,1)", "+todo(2,null)"]);
        assert_eq!(fixture.after("UPDATE todo SET text = 'c'").await, ["todo(1,1)>(1,1) text", "todo(2,null)>(2,null) text"]);
        let both = fixture.after("UPDATE todo SET user_id = 2, done = true WHERE id = 1").await;
        assert_eq!(both, ["todo(1,1)>(1,2) user_id,done"]);
        assert_eq!(fixture.after("DELETE FROM todo WHERE id = 2").await, ["-todo(2,null)"]);
        assert_eq!(fixture.after("DELETE FROM todo").await, ["-todo(1,2)"]);
        assert!(fixture.changes().await.is_empty());
    }

    async fn an_update_that_changes_nothing_is_not_logged(fixture) {
        fixture.after("INSERT INTO todo (id, user_id, text) VALUES (1, 1, 'a'), (2, 1, NULL)").await;
        assert!(fixture.after("UPDATE todo SET text = text, user_id = 1, done = false").await.is_empty());
        // Some of the rows change.
        assert_eq!(fixture.after("UPDATE todo SET text = 'a'").await, ["todo(2,1)>(2,1) text"]);
        assert_eq!(fixture.after("UPDATE todo SET text = NULL WHERE id = 2").await, ["todo(2,1)>(2,1) text"]);
    }

    async fn case_and_space_are_changes(fixture) {
        fixture.after("INSERT INTO todo (id, user_id, text) VALUES (1, 1, 'a')").await;
        assert_eq!(fixture.after("UPDATE todo SET text = 'A'").await, ["todo(1,1)>(1,1) text"]);
        assert_eq!(fixture.after("UPDATE todo SET text = 'A '").await, ["todo(1,1)>(1,1) text"]);
        assert_eq!(fixture.after("UPDATE todo SET text = ''").await, ["todo(1,1)>(1,1) text"]);
    }

    async fn a_changed_key_is_a_delete_and_an_insert(fixture) {
        fixture.after("INSERT INTO todo (id, user_id, text) VALUES (1, 1, 'a')").await;
        assert_eq!(fixture.after("UPDATE todo SET id = 9, text = 'b'").await, ["+todo(9,1)", "-todo(1,1)"]);
    }

    async fn cascades_are_logged(fixture) {
        fixture.after("INSERT INTO todo (id, user_id, text) VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 1, 'c')").await;
        let changes = fixture.after("DELETE FROM \"user\" WHERE id = 1").await;
        assert_eq!(changes, ["-todo(1,1)", "-todo(3,1)", "-user(1,one)"]);
    }

    async fn what_is_rolled_back_is_not_seen(fixture) {
        assert!(fixture.after("BEGIN; INSERT INTO todo (id, user_id, text) VALUES (1, 1, 'a'); ROLLBACK").await.is_empty());
        let changes = fixture.after(
            "BEGIN; INSERT INTO todo (id, user_id, text) VALUES (1, 1, 'a'); SAVEPOINT s; INSERT INTO todo (id, user_id, text) VALUES (2, 1, 'b');
             ROLLBACK TO s; INSERT INTO todo (id, user_id, text) VALUES (3, 1, 'c'); SAVEPOINT t; INSERT INTO todo (id, user_id, text) VALUES (4, 1, 'd');
             RELEASE t; COMMIT",
        ).await;
        assert_eq!(changes, ["+todo(1,1)", "+todo(3,1)", "+todo(4,1)"]);
    }

    async fn a_failed_statement_logs_nothing(fixture) {
        fixture.after("INSERT INTO todo (id, user_id, text) VALUES (1, 1, 'a')").await;
        fixture.database.try_sql("INSERT INTO todo (id, user_id, text) VALUES (2, 1, 'b'), (1, 1, 'c')").await.unwrap_err();
        fixture.database.try_sql("UPDATE todo SET user_id = 77").await.unwrap_err();
        assert!(fixture.changes().await.is_empty());
    }

    async fn a_transaction_that_does_and_undoes_logs_both(fixture) {
        let changes = fixture.after(
            "BEGIN; INSERT INTO todo (id, user_id, text) VALUES (1, 1, 'a'); UPDATE todo SET text = 'b'; DELETE FROM todo; COMMIT",
        ).await;
        assert_eq!(changes, ["+todo(1,1)", "-todo(1,1)", "todo(1,1)>(1,1) text"]);
    }

    async fn a_column_added_since_counts_as_any_column(fixture) {
        fixture.after("INSERT INTO todo (id, user_id, text) VALUES (1, 1, 'a')").await;
        fixture.sql("ALTER TABLE todo ADD COLUMN extra integer").await;
        assert_eq!(fixture.after("UPDATE todo SET extra = 1").await, ["todo(1,1)>(1,1) *"]);
        assert_eq!(fixture.after("UPDATE todo SET text = 'b', extra = 2").await, ["todo(1,1)>(1,1) *"]);
        assert_eq!(fixture.after("DELETE FROM todo").await, ["-todo(1,1)"]);
    }

    async fn a_poll_dropped_midway_loses_nothing(fixture) {
        let mut dropped = 0;
        for id in 1..=20 {
            fixture.sql(&format!("INSERT INTO todo (id, user_id, text) VALUES ({id}, 1, 'a')")).await;
            // Polled once: the request is on its way, and seldom answered already.
            let seen = match fixture.log.poll().now_or_never() {
                Some(poll) => describe_all(&continued(poll.unwrap()).1),
                None => {
                    dropped += 1;
                    fixture.changes().await
                }
            };
            assert_eq!(seen, [format!("+todo({id},1)")]);
        }
        assert!(dropped > 0);
    }
}

const KINDS: Tracking = Tracking::new(
    "kinds",
    &[Column::new("uuid", Kind::Uuid)],
    &[Column::new("boolean", Kind::Boolean), Column::new("integer", Kind::Integer), Column::new("text", Kind::Text)],
);
const STRANGE: &str = "\\ \" {a,b} null é\u{1f30a}\n\t[1]";

#[tokio::test]
async fn values_are_read_by_kind_on_postgres() {
    let table = "CREATE TABLE kinds (uuid uuid PRIMARY KEY, \"boolean\" boolean, \"integer\" bigint, text varchar(90))";
    values_are_read_by_kind(Fixture::new(TestDatabase::postgres().await, table, &[KINDS]).await, |uuid| {
        format!("'{uuid}'")
    })
    .await;
}

#[tokio::test]
async fn values_are_read_by_kind_on_sqlite() {
    let table = "CREATE TABLE kinds (uuid blob PRIMARY KEY NOT NULL, boolean boolean, integer bigint, text text)";
    values_are_read_by_kind(Fixture::new(TestDatabase::sqlite().await, table, &[KINDS]).await, |uuid| {
        format!("x'{}'", uuid.simple())
    })
    .await;
}

async fn values_are_read_by_kind(mut fixture: Fixture, written: fn(Uuid) -> String) {
    for (boolean, integer, text) in [(true, i64::MAX, STRANGE), (false, i64::MIN + 1, ""), (true, 0, "NULL")] {
        let uuid = Uuid::new_v4();
        let row = format!("({}, {boolean}, {integer}, '{text}')", written(uuid));
        fixture.sql(&format!("INSERT INTO kinds VALUES {row}")).await;
        let changes = continued(fixture.log.poll().await.unwrap()).1;
        let [Change::Row(RowChange { new, .. })] = changes.as_slice() else { panic!("{changes:?}") };
        assert_eq!(*new, [Value::Uuid(uuid), Value::Boolean(boolean), Value::Integer(integer), text.into()]);
    }
    let uuid = Uuid::new_v4();
    let changes = fixture.after(&format!("INSERT INTO kinds (uuid) VALUES ({})", written(uuid))).await;
    assert_eq!(changes, [format!("+kinds({uuid},null,null,null)")]);
}
