//! Kinds of statements and writers.

use sea_orm::sqlx::{Connection, PgConnection, postgres::PgPoolCopyExt};
use tidewater_changelog::{Column, Kind, Tracking};
use tidewater_testkit::TestDatabase;
use uuid::Uuid;

use crate::fixture::{Fixture, TODO};

const TWO: &str = "INSERT INTO todo (id, user_id, text) VALUES (1, 1, 'a'), (2, 2, 'b')";

#[tokio::test]
async fn upsert() {
    let mut fixture = Fixture::postgres().await;
    fixture.after(TWO).await;
    let upsert = "INSERT INTO todo (id, user_id, text) VALUES (2, 2, 'c'), (3, 1, 'd')
        ON CONFLICT (id) DO UPDATE SET text = excluded.text";
    assert_eq!(fixture.after(upsert).await, ["+todo(3,1)", "todo(2,2)>(2,2) text"]);
    assert!(fixture.after(upsert).await.is_empty());
    let ignored = "INSERT INTO todo (id, user_id) VALUES (3, 2), (4, 2) ON CONFLICT DO NOTHING";
    assert_eq!(fixture.after(ignored).await, ["+todo(4,2)"]);
}

#[tokio::test]
async fn merge() {
    let mut fixture = Fixture::postgres().await;
    fixture.after(TWO).await;
    let changes = fixture
        .after(
            "MERGE INTO todo AS t USING (VALUES (1, 'x'), (2, NULL), (3, 'y')) AS s (id, text) ON t.id = s.id
             WHEN MATCHED AND s.text IS NULL THEN DELETE
             WHEN MATCHED THEN UPDATE SET text = s.text
             WHEN NOT MATCHED THEN INSERT (id, text) VALUES (s.id, s.text)",
        )
        .await;
    assert_eq!(changes, ["+todo(3,null)", "-todo(2,2)", "todo(1,1)>(1,1) text"]);
}

#[tokio::test]
async fn copy() {
    let mut fixture = Fixture::postgres().await;
    let pool = fixture.connection.get_postgres_connection_pool();
    let mut copy = pool.copy_in_raw("COPY todo (id, user_id, text) FROM STDIN").await.unwrap();
    copy.send(&b"1\t1\ta\n2\t\\N\tb\n"[..]).await.unwrap();
    copy.finish().await.unwrap();
    assert_eq!(fixture.changes().await, ["+todo(1,1)", "+todo(2,null)"]);
}

#[tokio::test]
async fn writing_common_table_expressions() {
    let mut fixture = Fixture::postgres().await;
    fixture.after(TWO).await;
    let changes = fixture
        .after(
            "WITH gone AS (DELETE FROM todo WHERE id = 1 RETURNING *), came AS (INSERT INTO \"user\" VALUES (3, 'x'))
             UPDATE todo SET text = (SELECT text FROM gone) WHERE id = 2",
        )
        .await;
    assert_eq!(changes, ["+user(3,x)", "-todo(1,1)", "todo(2,2)>(2,2) text"]);
}

#[tokio::test]
async fn truncate() {
    let mut fixture = Fixture::postgres().await;
    fixture.after(TWO).await;
    assert_eq!(fixture.after("TRUNCATE todo").await, ["*todo"]);
    assert_eq!(fixture.after("TRUNCATE \"user\" CASCADE").await, ["*todo", "*user"]);
    assert!(fixture.after("BEGIN; TRUNCATE todo; ROLLBACK").await.is_empty());
}

#[tokio::test]
async fn a_swap_of_keys() {
    let mut fixture = Fixture::postgres().await;
    fixture.sql("ALTER TABLE todo DROP CONSTRAINT todo_pkey, ADD PRIMARY KEY (id) DEFERRABLE").await;
    fixture.after(TWO).await;
    let changes = fixture.after("UPDATE todo SET id = 3 - id").await;
    assert_eq!(changes, ["todo(1,1)>(1,2) user_id,text", "todo(2,2)>(2,1) user_id,text"]);
}

#[tokio::test]
async fn a_writer_in_the_replication_role() {
    let mut fixture = Fixture::postgres().await;
    let changes = fixture.after(&format!("SET session_replication_role = replica; {TWO}; TRUNCATE todo")).await;
    assert_eq!(changes, ["*todo", "+todo(1,1)", "+todo(2,2)"]);
}

#[tokio::test]
async fn a_writer_without_rights_on_the_log() {
    let mut fixture = Fixture::postgres().await;
    let role = format!("writer_{}", Uuid::new_v4().simple());
    fixture.sql(&format!("CREATE ROLE {role}; GRANT INSERT, UPDATE, SELECT ON todo TO {role}")).await;
    let refused = fixture.database.try_sql(&format!("SET ROLE {role}; SELECT * FROM tidewater_change")).await;
    refused.unwrap_err();
    // A search path of the writer's own does not lead the trigger astray.
    let path = "CREATE TEMP TABLE tidewater_change (xid xid8); SET search_path = pg_temp, public";
    let changes = fixture.after(&format!("SET ROLE {role}; {path}; {TWO}; UPDATE todo SET text = 'x'")).await;
    let updates = ["todo(1,1)>(1,1) text", "todo(2,2)>(2,2) text"];
    assert_eq!(changes, [["+todo(1,1)", "+todo(2,2)"], updates].concat());
    fixture.sql(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
}

#[tokio::test]
async fn a_dropped_or_renamed_column_does_not_stop_writers() {
    let mut fixture = Fixture::postgres().await;
    assert_eq!(fixture.after(&format!("ALTER TABLE todo DROP COLUMN done; {TWO}")).await, ["*todo"]);
    let renamed = "ALTER TABLE todo RENAME COLUMN user_id TO owner_id; UPDATE todo SET text = 'x'; DELETE FROM todo";
    assert_eq!(fixture.after(renamed).await, ["*todo", "*todo"]);
}

#[tokio::test]
async fn a_column_added_to_a_table_in_use_is_seen_by_every_writer() {
    let mut fixture = Fixture::postgres().await;
    fixture.after(TWO).await;
    let mut writer = PgConnection::connect(fixture.database.url()).await.unwrap();
    let sql = sea_orm::sqlx::raw_sql;
    // The writer's trigger function has planned its statements.
    sql("UPDATE todo SET text = 'x'").execute(&mut writer).await.unwrap();
    // Its snapshot is from before the column was added; the table it writes is not.
    sql("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM \"user\"").execute(&mut writer).await.unwrap();
    fixture.after("ALTER TABLE todo ADD COLUMN extra integer").await;
    sql("UPDATE todo SET text = 'y', extra = 1 WHERE id = 1; COMMIT").execute(&mut writer).await.unwrap();
    assert_eq!(fixture.changes().await, ["todo(1,1)>(1,1) *"]);
}

#[tokio::test]
async fn values_that_are_equal_and_look_different_are_changes() {
    const AMOUNT: Tracking = Tracking::new("amount", &[Column::new("id", Kind::Integer)], &[]);
    // `json` has no equality at all.
    let table = "CREATE TABLE amount (id bigint PRIMARY KEY, value numeric, document json, place point)";
    let mut fixture = Fixture::new(TestDatabase::postgres().await, table, &[AMOUNT]).await;
    fixture.after("INSERT INTO amount VALUES (1, 1.0, '{}', '(1,2)')").await;
    assert_eq!(fixture.after("UPDATE amount SET value = 1.00, document = '{}'").await, ["amount(1)>(1) value"]);
    let both = fixture.after("UPDATE amount SET document = '{ }', place = '(1,3)'").await;
    assert_eq!(both, ["amount(1)>(1) document,place"]);
}

#[tokio::test]
async fn values_are_compared_as_what_they_are_now() {
    const AMOUNT: Tracking = Tracking::new("amount", &[Column::new("id", Kind::Integer)], &[]);
    let table = "CREATE TABLE amount (id bigint PRIMARY KEY, value integer, name text, other text);
        CREATE COLLATION folded (PROVIDER = icu, LOCALE = 'und-u-ks-level2', DETERMINISTIC = false)";
    let mut fixture = Fixture::new(TestDatabase::postgres().await, table, &[AMOUNT]).await;
    fixture.after("INSERT INTO amount VALUES (1, 1, 'a', NULL)").await;
    let mut writer = PgConnection::connect(fixture.database.url()).await.unwrap();
    let sql = sea_orm::sqlx::raw_sql;
    // The writer's trigger function has planned its statements.
    sql("UPDATE amount SET value = 2, other = ''").execute(&mut writer).await.unwrap();
    assert_eq!(fixture.changes().await, ["amount(1)>(1) value,other"]);
    fixture.after("ALTER TABLE amount ALTER COLUMN name TYPE text COLLATE folded").await;
    sql("UPDATE amount SET name = 'A'").execute(&mut writer).await.unwrap();
    assert_eq!(fixture.changes().await, ["amount(1)>(1) name"]);
    // Whether numbers that are equal look different is not compared by what was installed for integers.
    fixture.after("ALTER TABLE amount ALTER COLUMN value TYPE numeric").await;
    sql("UPDATE amount SET value = 2.0").execute(&mut writer).await.unwrap();
    assert_eq!(fixture.changes().await, ["amount(1)>(1) *"]);
}

#[tokio::test]
async fn columns_may_have_the_names_that_the_triggers_give_to_rows() {
    const LETTER: Tracking = Tracking::new("letter", &[Column::new("id", Kind::Integer)], &[]);
    let table = "CREATE TABLE letter (id bigint PRIMARY KEY, o int, n int, s int, t int, v int, r int)";
    let mut fixture = Fixture::new(TestDatabase::postgres().await, table, &[LETTER]).await;
    fixture.after("INSERT INTO letter VALUES (1)").await;
    assert_eq!(fixture.after("UPDATE letter SET o = 1, v = 2").await, ["letter(1)>(1) o,v"]);
    assert_eq!(fixture.after("UPDATE letter SET id = 2").await, ["+letter(2)", "-letter(1)"]);
}

#[tokio::test]
async fn enumerations_and_domains_are_their_text_and_base() {
    const TASK: Tracking = Tracking::new(
        "task",
        &[Column::new("id", Kind::Integer)],
        &[Column::new("mood", Kind::Text), Column::new("size", Kind::Integer)],
    );
    let table = "CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE DOMAIN size AS smallint;
        CREATE TABLE task (id bigint PRIMARY KEY, mood mood, size size)";
    let mut fixture = Fixture::new(TestDatabase::postgres().await, table, &[TASK]).await;
    assert_eq!(fixture.after("INSERT INTO task VALUES (1, 'glad', 3)").await, ["+task(1,glad,3)"]);
}

#[tokio::test]
async fn tables_outside_the_search_path_of_the_writer() {
    let mut fixture = Fixture::postgres().await;
    let changes = fixture.after("SET search_path = pg_catalog; INSERT INTO public.todo (id) VALUES (1)").await;
    assert_eq!(changes, [format!("+{}(1,null)", TODO.table)]);
}
