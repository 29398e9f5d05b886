//! Partitioned tables and inheritance.

use tidewater_changelog::{Column, Error, Kind, Tracking, TriggerForm, install, verify};
use tidewater_testkit::TestDatabase;

use crate::fixture::Fixture;

const KEY: &[Column] = &[Column::new("id", Kind::Integer)];
const BY_ROW: Tracking = Tracking { form: TriggerForm::Row, ..Tracking::new("event", KEY, &[]) };
const BY_STATEMENT: Tracking = Tracking::new("event", KEY, &[]);

const PARTITIONED: &str = "
    CREATE TABLE event (id integer PRIMARY KEY, text text) PARTITION BY RANGE (id);
    CREATE TABLE event_low PARTITION OF event FOR VALUES FROM (0) TO (10);
    CREATE TABLE event_high (text text, id integer NOT NULL);
    ALTER TABLE event ATTACH PARTITION event_high FOR VALUES FROM (10) TO (20)";
const INHERITED: &str = "
    CREATE TABLE event (id integer PRIMARY KEY, text text);
    CREATE TABLE special (extra integer, PRIMARY KEY (id)) INHERITS (event)";

#[tokio::test]
async fn a_partitioned_table_written_through_it_and_past_it() {
    let mut fixture = Fixture::new(TestDatabase::postgres().await, PARTITIONED, &[BY_ROW]).await;
    verify(&fixture.connection, &[BY_ROW]).await.unwrap();
    assert_eq!(fixture.after("INSERT INTO event VALUES (1, 'a'), (11, 'b')").await, ["+event(1)", "+event(11)"]);
    assert_eq!(fixture.after("INSERT INTO event_high (id, text) VALUES (12, 'c')").await, ["+event(12)"]);
    assert_eq!(fixture.after("UPDATE event_high SET text = 'd' WHERE id = 12").await, ["event(12)>(12) text"]);
    assert!(fixture.after("UPDATE event SET text = text").await.is_empty());
    let moved = fixture.after("UPDATE event SET id = 2 WHERE id = 12").await;
    assert_eq!(moved, ["+event(2)", "-event(12)"]);
    assert_eq!(fixture.after("DELETE FROM event_low WHERE id = 2").await, ["-event(2)"]);
    assert!(fixture.after("TRUNCATE event_low").await.contains(&"*event".to_owned()));
    assert!(fixture.after("TRUNCATE event").await.contains(&"*event".to_owned()));
    let replica = "SET session_replication_role = replica; INSERT INTO event_high (id) VALUES (13)";
    assert_eq!(fixture.after(replica).await, ["+event(13)"]);
}

#[tokio::test]
async fn a_partition_added_since_is_logged_and_objected_to() {
    let mut fixture = Fixture::new(TestDatabase::postgres().await, PARTITIONED, &[BY_ROW]).await;
    let added = "CREATE TABLE event_top PARTITION OF event FOR VALUES FROM (20) TO (30);
        INSERT INTO event_top VALUES (20, 'x')";
    assert_eq!(fixture.after(added).await, ["+event(20)"]);
    // Its TRUNCATE would not be.
    let error = verify(&fixture.connection, &[BY_ROW]).await.unwrap_err().to_string();
    assert!(error.contains("event_top") && error.contains("truncate"), "{error}");
    install(&fixture.connection, &[BY_ROW]).await.unwrap();
    verify(&fixture.connection, &[BY_ROW]).await.unwrap();
    fixture.changes().await;
    assert_eq!(fixture.after("TRUNCATE event_top").await, ["*event"]);
}

#[tokio::test]
async fn an_inherited_table_written_through_it_and_past_it() {
    let mut fixture = Fixture::new(TestDatabase::postgres().await, INHERITED, &[BY_ROW]).await;
    verify(&fixture.connection, &[BY_ROW]).await.unwrap();
    assert_eq!(fixture.after("INSERT INTO special VALUES (1, 'a', 7)").await, ["+event(1)"]);
    assert_eq!(fixture.after("UPDATE event SET text = 'b'").await, ["event(1)>(1) text"]);
    assert_eq!(fixture.after("DELETE FROM event").await, ["-event(1)"]);
    assert_eq!(fixture.after("TRUNCATE special").await, ["*event"]);
}

#[tokio::test]
async fn statement_triggers_are_refused_where_they_would_miss_writes() {
    let database = TestDatabase::postgres().await;
    database.sql(&format!("CREATE SCHEMA other; SET search_path = other; {INHERITED}")).await;
    database.sql(PARTITIONED).await;
    let connection = database.connect().await;
    const PARTITION: Tracking = Tracking::new("event_low", KEY, &[]);
    for declared in [BY_STATEMENT, PARTITION] {
        let refused = install(&connection, &[declared]).await;
        assert!(matches!(refused, Err(Error::Declaration { ref what, .. }) if what.contains("Row")), "{refused:?}");
    }
}
