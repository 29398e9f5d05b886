//! Transactions that end in another order than they began.

use sea_orm::sqlx::{AssertSqlSafe, Connection, PgConnection, raw_sql};

use tidewater_changelog::ChangeSource;

use crate::fixture::{Fixture, continued, describe};

struct Writer(PgConnection);

impl Writer {
    async fn new(fixture: &Fixture) -> Self {
        Self(PgConnection::connect(fixture.database.url()).await.unwrap())
    }

    async fn sql(&mut self, statements: &str) {
        raw_sql(AssertSqlSafe(statements)).execute(&mut self.0).await.unwrap();
    }

    async fn inserts(&mut self, id: u32) {
        self.sql(&format!("BEGIN; INSERT INTO todo (id) VALUES ({id})")).await;
    }
}

#[tokio::test]
async fn commits_in_any_order_are_seen_when_they_happen() {
    let mut fixture = Fixture::postgres().await;
    let (mut a, mut b, mut c) = (Writer::new(&fixture).await, Writer::new(&fixture).await, Writer::new(&fixture).await);
    a.inserts(1).await;
    b.inserts(2).await;
    assert!(fixture.changes().await.is_empty());
    c.inserts(3).await;
    b.sql("COMMIT").await;
    assert_eq!(fixture.changes().await, ["+todo(2,null)"]);
    assert!(fixture.changes().await.is_empty());
    c.sql("ROLLBACK").await;
    assert!(fixture.changes().await.is_empty());
    assert_eq!(fixture.after("INSERT INTO todo (id) VALUES (4)").await, ["+todo(4,null)"]);
    a.sql("INSERT INTO todo (id) VALUES (5); COMMIT").await;
    assert_eq!(fixture.changes().await, ["+todo(1,null)", "+todo(5,null)"]);
    assert!(fixture.changes().await.is_empty());
}

#[tokio::test]
async fn a_savepoint_that_wrote_first_belongs_to_its_transaction() {
    let mut fixture = Fixture::postgres().await;
    let mut writer = Writer::new(&fixture).await;
    writer.sql("BEGIN; SAVEPOINT a; INSERT INTO todo (id) VALUES (1); SAVEPOINT b").await;
    assert!(fixture.after("INSERT INTO todo (id) VALUES (9)").await.len() == 1);
    writer.sql("INSERT INTO todo (id) VALUES (2); ROLLBACK TO b; RELEASE a").await;
    assert!(fixture.changes().await.is_empty());
    writer.sql("COMMIT").await;
    assert_eq!(fixture.changes().await, ["+todo(1,null)"]);
}

#[tokio::test]
async fn a_prepared_transaction_is_seen_when_it_commits() {
    let mut fixture = Fixture::postgres().await;
    let mut writer = Writer::new(&fixture).await;
    let name = uuid::Uuid::new_v4().simple();
    for (id, end) in [(1, "COMMIT"), (2, "ROLLBACK")] {
        writer.inserts(id).await;
        writer.sql(&format!("PREPARE TRANSACTION '{name}'")).await;
        assert!(fixture.changes().await.is_empty());
        assert_eq!(fixture.after(&format!("INSERT INTO todo (id) VALUES ({id} + 10)")).await.len(), 1);
        writer.sql(&format!("{end} PREPARED '{name}'")).await;
        let expected: &[&str] = if end == "COMMIT" { &["+todo(1,null)"] } else { &[] };
        assert_eq!(fixture.changes().await, expected);
    }
}

#[tokio::test]
async fn many_transactions_since_the_last_poll_are_read_in_one_range() {
    let mut fixture = Fixture::postgres().await;
    let mut writer = Writer::new(&fixture).await;
    writer.inserts(1).await;
    fixture.after("INSERT INTO todo (id) VALUES (2)").await;
    // Each round takes one transaction id.
    fixture
        .sql(
            "DO $$ BEGIN FOR i IN 1..5000 LOOP
                IF i % 1000 = 0 THEN INSERT INTO todo (id) VALUES (i); ELSE PERFORM pg_current_xact_id(); END IF;
                COMMIT;
            END LOOP; END $$",
        )
        .await;
    writer.sql("COMMIT").await;
    let expected = [1, 1000, 2000, 3000, 4000, 5000].map(|id| format!("+todo({id},null)"));
    assert_eq!(fixture.changes().await, expected);
    assert!(fixture.changes().await.is_empty());
}

#[tokio::test]
async fn a_writer_at_any_isolation_level() {
    let mut fixture = Fixture::postgres().await;
    for (id, level) in [(1, "READ COMMITTED"), (2, "REPEATABLE READ"), (3, "SERIALIZABLE")] {
        let insert = format!("BEGIN ISOLATION LEVEL {level}; INSERT INTO todo (id) VALUES ({id}); COMMIT");
        assert_eq!(fixture.after(&insert).await, [format!("+todo({id},null)")]);
    }
}

/// What the next poll hands over, in its order.
async fn in_order(fixture: &mut Fixture) -> Vec<String> {
    continued(fixture.log.poll().await.unwrap()).1.iter().map(describe).collect()
}

#[tokio::test]
async fn changes_of_one_row_are_told_in_the_order_of_their_commits() {
    let mut fixture = Fixture::postgres().await;
    for _ in 0..10 {
        let mut writers = Vec::new();
        for _ in 0..4 {
            let mut writer = Writer::new(&fixture).await;
            // Their ids are in this order, their changes in the other one.
            writer.sql("BEGIN; SELECT pg_current_xact_id()").await;
            writers.push(writer);
        }
        let statements = [
            "INSERT INTO todo (id, user_id, text) VALUES (1, 1, 'a')",
            "UPDATE todo SET text = 'b'",
            "UPDATE todo SET done = true; UPDATE todo SET text = 'c'",
            "DELETE FROM todo",
        ];
        for (writer, statement) in writers.iter_mut().rev().zip(statements) {
            writer.sql(&format!("{statement}; COMMIT")).await;
        }
        let told = in_order(&mut fixture).await;
        assert_eq!(
            told,
            ["+todo(1,1)", "todo(1,1)>(1,1) text", "todo(1,1)>(1,1) done", "todo(1,1)>(1,1) text", "-todo(1,1)"]
        );
    }
}

#[tokio::test]
async fn a_transaction_is_told_as_a_whole() {
    let mut fixture = Fixture::postgres().await;
    let (mut one, mut other) = (Writer::new(&fixture).await, Writer::new(&fixture).await);
    one.inserts(1).await;
    other.inserts(2).await;
    one.sql("INSERT INTO todo (id) VALUES (3)").await;
    other.sql("INSERT INTO todo (id) VALUES (4); COMMIT").await;
    one.sql("INSERT INTO todo (id) VALUES (5); COMMIT").await;
    let expected = [2, 4, 1, 3, 5].map(|id| format!("+todo({id},null)"));
    assert_eq!(in_order(&mut fixture).await, expected);
}
