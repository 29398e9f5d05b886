//! What only SQLite has.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use sea_orm::sqlx::{AssertSqlSafe, Connection, SqliteConnection, raw_sql, sqlite::SqliteConnectOptions};
use tidewater_changelog::{Change, ChangeSource, Error, RowChange, Value, install, verify};

use crate::fixture::{BOTH, Fixture, continued, restarted};

const TWO: &str = "INSERT INTO todo (id, user_id, text) VALUES (1, 1, 'a'), (2, 2, 'b')";

#[tokio::test]
async fn replace_logs_the_rows_that_it_deletes() {
    let mut fixture = Fixture::sqlite().await;
    fixture.after(TWO).await;
    // A unique key other than the primary: the row that goes has another id.
    let changes = fixture.after("INSERT OR REPLACE INTO \"user\" VALUES (7, 'two')").await;
    // Its todos go with it.
    assert_eq!(changes, ["+user(7,two)", "-todo(2,2)", "-user(2,two)"]);
    let changes = fixture.after("REPLACE INTO todo (id, user_id) VALUES (1, 7)").await;
    assert_eq!(changes, ["+todo(1,7)", "-todo(1,1)"]);
    fixture.after("INSERT INTO \"user\" VALUES (8, 'eight')").await;
    let changes = fixture.after("UPDATE OR REPLACE \"user\" SET email = 'eight' WHERE id = 7").await;
    assert_eq!(changes, ["-user(8,eight)", "user(7,two)>(7,eight) email"]);
    fixture.after("INSERT INTO todo (id, user_id) VALUES (5, 1)").await;
    let changes = fixture.after("UPDATE OR REPLACE todo SET id = 1 WHERE id = 5").await;
    assert_eq!(changes, ["+todo(1,1)", "-todo(1,7)", "-todo(5,1)"]);
}

#[tokio::test]
async fn replace_with_recursive_triggers_logs_them_too() {
    let mut fixture = Fixture::sqlite().await;
    fixture.after(TWO).await;
    let changes = fixture.after("PRAGMA recursive_triggers = on; REPLACE INTO todo (id, user_id) VALUES (1, 2)").await;
    let distinct: BTreeSet<&str> = changes.iter().map(String::as_str).collect();
    assert_eq!(distinct, BTreeSet::from(["+todo(1,2)", "-todo(1,1)"]));
}

#[tokio::test]
async fn upserts_log_what_they_do_and_a_delete_too_many() {
    let mut fixture = Fixture::sqlite().await;
    fixture.after(TWO).await;
    let upsert = "INSERT INTO todo (id, text) VALUES (1, 'c'), (3, 'd') ON CONFLICT DO UPDATE SET text = excluded.text";
    assert_eq!(fixture.after(upsert).await, ["+todo(3,null)", "-todo(1,1)", "todo(1,1)>(1,1) text"]);
    let ignored = "INSERT OR IGNORE INTO todo (id) VALUES (1), (4)";
    assert_eq!(fixture.after(ignored).await, ["+todo(4,null)", "-todo(1,1)"]);
}

#[tokio::test]
async fn values_of_any_type_do_not_stop_writers() {
    let mut fixture = Fixture::sqlite().await;
    // SQLite keeps what it is given; what is not of the declared kind is logged as a change of the whole table.
    assert_eq!(
        fixture.after("PRAGMA foreign_keys = off; INSERT INTO todo (id, user_id) VALUES (1, x'00ff')").await,
        ["*todo"]
    );
    assert_eq!(fixture.after("PRAGMA foreign_keys = off; UPDATE todo SET user_id = 1.5").await, ["*todo"]);
    assert_eq!(fixture.after("PRAGMA foreign_keys = off; UPDATE todo SET user_id = 2").await, ["*todo"]);
    assert_eq!(fixture.after("INSERT INTO \"user\" VALUES (3, CAST(x'61ff62' AS TEXT))").await, ["*user"]);
    assert_eq!(fixture.after("UPDATE \"user\" SET email = char(97, 0, 98) WHERE id = 1").await.len(), 1);
    let same_number = "UPDATE todo SET text = 1; UPDATE todo SET text = '1'; UPDATE todo SET done = 1.0";
    assert_eq!(fixture.after(same_number).await, ["todo(1,2)>(1,2) done", "todo(1,2)>(1,2) text"]);
}

#[tokio::test]
async fn an_edited_or_dropped_trigger_is_told_and_repaired() {
    let mut fixture = Fixture::sqlite().await;
    for statement in [
        "DROP TRIGGER tidewater_todo_update",
        "DROP TRIGGER tidewater_todo_insert; CREATE TRIGGER tidewater_todo_insert AFTER INSERT ON todo BEGIN SELECT 1; END",
        "ALTER TABLE todo ADD COLUMN extra integer",
        "ALTER TABLE todo RENAME COLUMN text TO content",
    ] {
        fixture.sql(statement).await;
        let error = verify(&fixture.connection, BOTH).await.unwrap_err();
        assert!(matches!(&error, Error::Different { table, .. } if table == "todo"), "{statement}: {error}");
        install(&fixture.connection, BOTH).await.unwrap();
        verify(&fixture.connection, BOTH).await.unwrap();
        assert_eq!(fixture.changes().await, ["*todo"], "{statement}");
    }
}

#[tokio::test]
async fn unique_indexes_on_expressions_are_refused() {
    let fixture = Fixture::sqlite().await;
    fixture.sql("CREATE UNIQUE INDEX lower_text ON todo (lower(text))").await;
    let refused = install(&fixture.connection, BOTH).await;
    assert!(matches!(&refused, Err(Error::Declaration { what, .. }) if what.contains("lower_text")), "{refused:?}");
}

#[tokio::test]
async fn a_backup_put_back_starts_over() {
    let mut fixture = Fixture::sqlite().await;
    fixture.after(TWO).await;
    let path = fixture.database.url().trim_start_matches("sqlite://").split('?').next().unwrap().to_owned();
    let copy = format!("{path}.copy");
    fixture.sql(&format!("VACUUM INTO '{copy}'")).await;
    fixture.after("UPDATE todo SET text = 'lost'; UPDATE todo SET text = 'x'").await;
    // What the shell's `.restore` does to the content, and then as many changes as were lost.
    let restore = format!(
        "ATTACH '{copy}' AS backup; BEGIN; DELETE FROM tidewater_change; DELETE FROM sqlite_sequence;
         INSERT INTO sqlite_sequence SELECT * FROM backup.sqlite_sequence;
         INSERT INTO tidewater_change SELECT * FROM backup.tidewater_change; COMMIT"
    );
    fixture.sql(&restore).await;
    fixture.sql("UPDATE todo SET text = 'y'; UPDATE todo SET text = 'z'").await;
    restarted(fixture.log.poll().await.unwrap());
    assert_eq!(fixture.after("DELETE FROM todo WHERE id = 1").await, ["-todo(1,1)"]);
}

#[tokio::test]
async fn a_poll_of_an_idle_database_reads_no_rows() {
    let mut fixture = Fixture::sqlite().await;
    fixture.after(TWO).await;
    let (before, changes) = continued(fixture.log.poll().await.unwrap());
    assert!(changes.is_empty());
    assert_eq!(continued(fixture.log.poll().await.unwrap()).0, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_at_once_are_seen_once_and_never_late() {
    let mut fixture = Fixture::sqlite().await;
    let until = Instant::now() + Duration::from_secs(1);
    let (sender, mut acknowledged) = tokio::sync::mpsc::unbounded_channel();
    for writer in 1..=3_i64 {
        let (url, sender) = (fixture.database.url().to_owned(), sender.clone());
        tokio::spawn(async move {
            let options: SqliteConnectOptions = url.parse().unwrap();
            let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
            let mut id = writer * 1_000_000;
            while Instant::now() < until {
                id += 1;
                let end = if id % 5 == 0 { "ROLLBACK" } else { "COMMIT" };
                let work = format!("BEGIN IMMEDIATE; INSERT INTO todo (id) VALUES ({id}); {end}");
                raw_sql(AssertSqlSafe(work)).execute(&mut connection).await.unwrap();
                if id % 5 != 0 {
                    sender.send(id).unwrap();
                }
            }
        });
    }
    drop(sender);
    let (mut seen, mut committed, mut open) = (Vec::new(), BTreeSet::new(), true);
    while open {
        loop {
            match acknowledged.try_recv() {
                Ok(id) => _ = committed.insert(id),
                Err(error) => {
                    open = error == tokio::sync::mpsc::error::TryRecvError::Empty;
                    break;
                }
            }
        }
        for change in continued(fixture.log.poll().await.unwrap()).1 {
            let Change::Row(RowChange { new, .. }) = change else { panic!() };
            let Some(Value::Integer(id)) = new.first() else { panic!() };
            seen.push(*id);
        }
        let known: BTreeSet<i64> = seen.iter().copied().collect();
        assert_eq!(known.len(), seen.len(), "a change was seen twice");
        assert!(known.is_superset(&committed), "late");
    }
    seen.sort_unstable();
    assert_eq!(seen, committed.into_iter().collect::<Vec<_>>());
    assert!(seen.len() > 100);
}
