//! What `verify` objects to, and `install` repairs.

use tidewater_changelog::{Column, Error, Kind, Tracking, TriggerForm, install, verify};

use crate::fixture::{BOTH, Fixture, TODO, USER};

#[tokio::test]
async fn tampering_is_told_and_repaired() {
    let mut fixture = Fixture::postgres().await;
    let tampering = [
        "ALTER TABLE todo DISABLE TRIGGER tidewater_todo_update",
        "ALTER TABLE todo DISABLE TRIGGER ALL",
        "ALTER TABLE todo DISABLE TRIGGER ALL; ALTER TABLE todo ENABLE TRIGGER ALL",
        "ALTER TABLE todo ENABLE REPLICA TRIGGER tidewater_todo_delete",
        "DROP TRIGGER tidewater_todo_truncate ON todo",
        "DROP FUNCTION tidewater_log_todo CASCADE",
        "CREATE OR REPLACE FUNCTION tidewater_log_todo() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "ALTER FUNCTION tidewater_log_todo SECURITY INVOKER",
        "ALTER FUNCTION tidewater_log_todo RESET search_path",
        "CREATE OR REPLACE TRIGGER tidewater_todo_insert AFTER INSERT ON todo REFERENCING NEW TABLE AS tidewater_new
            FOR EACH STATEMENT WHEN (false) EXECUTE FUNCTION tidewater_log_todo();
            ALTER TABLE todo ENABLE ALWAYS TRIGGER tidewater_todo_insert",
        "DROP TRIGGER tidewater_todo_update ON todo;
            CREATE TRIGGER tidewater_todo_update AFTER UPDATE ON todo REFERENCING OLD TABLE AS tidewater_old
            NEW TABLE AS other FOR EACH STATEMENT EXECUTE FUNCTION tidewater_log_todo();
            ALTER TABLE todo ENABLE ALWAYS TRIGGER tidewater_todo_update",
        "ALTER TRIGGER tidewater_todo_insert ON todo RENAME TO other",
        "CREATE TRIGGER other AFTER TRUNCATE ON \"user\" FOR EACH STATEMENT EXECUTE FUNCTION tidewater_log_todo()",
    ];
    for statement in tampering {
        fixture.sql(statement).await;
        let error = verify(&fixture.connection, BOTH).await.unwrap_err();
        assert!(matches!(&error, Error::Different { table, .. } if table == "todo"), "{statement}: {error}");
        assert!(error.to_string().contains("tidewater migrate up"), "{error}");
        install(&fixture.connection, BOTH).await.unwrap();
        verify(&fixture.connection, BOTH).await.unwrap();
        // What went unlogged meanwhile is covered.
        assert_eq!(fixture.changes().await, ["*todo"], "{statement}");
        let change = fixture.after("INSERT INTO todo (id) VALUES (1); DELETE FROM todo").await;
        assert_eq!(change, ["+todo(1,null)", "-todo(1,null)"], "{statement}");
    }
}

#[tokio::test]
async fn a_broken_log_is_told_and_repaired() {
    let fixture = Fixture::postgres().await;
    for statement in [
        "DROP TABLE tidewater_floor",
        "DELETE FROM tidewater_floor",
        "DROP TABLE tidewater_incarnation",
        "DROP INDEX tidewater_change_xid",
        "UPDATE tidewater_floor SET format = 0",
        "UPDATE tidewater_floor SET floor = '9000000000:9000000000:'",
    ] {
        fixture.sql(statement).await;
        let error = verify(&fixture.connection, BOTH).await.unwrap_err();
        let ours = matches!(&error, Error::Different { table, .. } if table.starts_with("tidewater_"));
        assert!(ours, "{statement}: {error}");
        install(&fixture.connection, BOTH).await.unwrap();
        verify(&fixture.connection, BOTH).await.unwrap();
    }
}

#[tokio::test]
async fn another_form_is_told_and_reconciled() {
    const BY_ROW: Tracking = Tracking { form: TriggerForm::Row, ..TODO };
    let mut fixture = Fixture::postgres().await;
    verify(&fixture.connection, &[USER, BY_ROW]).await.unwrap_err();
    install(&fixture.connection, &[USER, BY_ROW]).await.unwrap();
    verify(&fixture.connection, &[USER, BY_ROW]).await.unwrap();
    fixture.changes().await;
    fixture.after("INSERT INTO todo (id, user_id, text) VALUES (1, 1, 'a'), (2, 1, 'b')").await;
    assert_eq!(fixture.after("UPDATE todo SET text = 'a'").await, ["todo(2,1)>(2,1) text"]);
    assert_eq!(fixture.after("UPDATE todo SET id = 3 WHERE id = 2").await, ["+todo(3,1)", "-todo(2,1)"]);
    fixture.sql("ALTER TABLE todo ADD COLUMN extra integer").await;
    assert_eq!(fixture.after("UPDATE todo SET extra = id WHERE id = 1").await, ["todo(1,1)>(1,1) *"]);
    assert_eq!(fixture.after("DELETE FROM \"user\" WHERE id = 1").await, ["-todo(1,1)", "-todo(3,1)", "-user(1,one)"]);
}

#[tokio::test]
async fn a_second_installation_waits_for_no_reader_or_writer() {
    let fixture = Fixture::postgres().await;
    let busy = sea_orm::TransactionTrait::begin(&fixture.connection).await.unwrap();
    let statement = "INSERT INTO todo (id) VALUES (1); LOCK TABLE todo IN ROW EXCLUSIVE MODE";
    sea_orm::ConnectionTrait::execute_unprepared(&busy, statement).await.unwrap();
    install(&fixture.connection, BOTH).await.unwrap();
    verify(&fixture.connection, BOTH).await.unwrap();
    busy.rollback().await.unwrap();
}

#[tokio::test]
async fn columns_that_no_kind_fits_are_refused() {
    const ID: Column = Column::new("id", Kind::Integer);
    const CASES: [Tracking; 4] = [
        Tracking::new("odd", &[ID], &[Column::new("price", Kind::Integer)]),
        Tracking::new("odd", &[ID], &[Column::new("folded", Kind::Text)]),
        Tracking::new("odd", &[Column::new("id", Kind::Uuid)], &[]),
        Tracking::new("odd_view", &[ID], &[]),
    ];
    let fixture = Fixture::postgres().await;
    fixture
        .sql(
            "CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
             CREATE TABLE odd (id bigint PRIMARY KEY, price numeric, folded text COLLATE folded);
             CREATE VIEW odd_view AS SELECT id FROM odd",
        )
        .await;
    for declared in CASES {
        let refused = install(&fixture.connection, &[declared]).await;
        assert!(matches!(refused, Err(Error::Declaration { .. })), "{declared:?}: {refused:?}");
    }
}
