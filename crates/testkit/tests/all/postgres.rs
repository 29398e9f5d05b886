use std::time::Duration;

use sea_orm::{ConnectionTrait, TransactionTrait};
use tidewater_testkit::Postgres;
use tokio::time::timeout;

/// How long an answer that is not to come is waited for.
const MOMENT: Duration = Duration::from_millis(100);

#[tokio::test]
async fn what_was_committed_survives_each_way_to_end() {
    let mut postgres = Postgres::start().await;
    let database = postgres.database().await;
    database.sql("CREATE TABLE tag (name text)").await;

    postgres.stop_immediately().await;
    assert!(database.try_sql("SELECT 1").await.is_err());
    postgres.start_again().await;
    assert_eq!(database.sql("INSERT INTO tag VALUES ('tide')").await, 1);

    postgres.kill().await;
    postgres.start_again().await;
    assert_eq!(database.sql("DELETE FROM tag").await, 1);

    // Neither end waits for somebody to resume it, and nor does the drop.
    let _connection = database.connect().await;
    postgres.pause();
    postgres.kill().await;
    postgres.start_again().await;
    postgres.pause();
    postgres.stop_immediately().await;
    postgres.start_again().await;
    assert_eq!(database.sql("INSERT INTO tag VALUES ('tide')").await, 1);
    postgres.pause();
}

#[tokio::test]
async fn a_paused_server_answers_nobody_until_it_is_resumed() {
    let mut postgres = Postgres::start().await;
    let database = postgres.database().await;
    let connection = database.connect().await;
    database.sql("CREATE TABLE tag (name text)").await;
    // Its connection is open already, and served by a process of its own.
    let open = connection.begin().await.unwrap();
    postgres.pause();
    let mut answer = open.execute_unprepared("INSERT INTO tag VALUES ('tide')");
    assert!(timeout(MOMENT, &mut answer).await.is_err());
    assert!(timeout(MOMENT, database.try_sql("SELECT 1")).await.is_err());
    postgres.resume();
    assert_eq!(answer.await.unwrap().rows_affected(), 1);
    open.commit().await.unwrap();
    assert_eq!(database.sql("DELETE FROM tag").await, 1);
}

#[tokio::test]
async fn a_crashed_backend_breaks_every_connection_and_loses_nothing() {
    let mut postgres = Postgres::start().await;
    let database = postgres.database().await;
    let connection = database.connect().await;
    let before = connection.begin().await.unwrap();
    before.execute_unprepared("CREATE TABLE tag (name text)").await.unwrap();
    before.commit().await.unwrap();
    let open = connection.begin().await.unwrap();
    open.execute_unprepared("INSERT INTO tag VALUES ('open')").await.unwrap();
    postgres.crash_backend().await;
    assert!(open.execute_unprepared("SELECT 1").await.is_err());
    assert_eq!(database.sql("DELETE FROM tag").await, 0);
    assert!(postgres.log().contains("was terminated by signal 9"), "{}", postgres.log());
}
