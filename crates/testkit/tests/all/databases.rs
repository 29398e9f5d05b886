use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use sea_orm::{ConnectionTrait, Statement};
use tidewater_testkit::{TestDatabase, on_each_backend};

async fn count_tags(database: &TestDatabase) -> i64 {
    let connection = database.connect().await;
    let statement = Statement::from_string(connection.get_database_backend(), "SELECT count(*) AS number FROM tag");
    let number = connection.query_one_raw(statement).await.unwrap().unwrap().try_get("", "number").unwrap();
    connection.close().await.unwrap();
    number
}

on_each_backend! {
    async fn what_is_written_out_of_band_is_in_no_other_database(backend) {
        let (database, other) = (backend.database().await, backend.database().await);
        database.sql("CREATE TABLE tag (name text); INSERT INTO tag VALUES ('tide'), ('water')").await;
        assert_eq!(count_tags(&database).await, 2);
        assert!(other.try_sql("SELECT * FROM tag").await.is_err());
    }

    async fn a_template_is_prepared_once_and_copied(backend) {
        static PREPARED: AtomicU32 = AtomicU32::new(0);
        let before = PREPARED.load(Ordering::Relaxed);
        for _ in 0..3 {
            let name = format!("{backend:?}");
            let database = backend.database_from_template(&name, async |url| {
                PREPARED.fetch_add(1, Ordering::Relaxed);
                // Left open: copying the template must not mind.
                let connection = Box::leak(Box::new(sea_orm::Database::connect(url).await.unwrap()));
                connection.execute_unprepared("CREATE TABLE tag (name text)").await.unwrap();
                connection.execute_unprepared("INSERT INTO tag VALUES ('first')").await.unwrap();
            }).await;
            database.sql("INSERT INTO tag VALUES ('second')").await;
            assert_eq!(count_tags(&database).await, 2);
        }
        assert!(PREPARED.load(Ordering::Relaxed) > before);
        assert!(PREPARED.load(Ordering::Relaxed) <= 3, "each kind of backend prepares its template once");
    }
}

#[tokio::test]
async fn a_dropped_sqlite_database_leaves_no_file() {
    let database = TestDatabase::sqlite().await;
    let path = database.url().trim_start_matches("sqlite://").trim_end_matches("?mode=rwc").to_owned();
    assert!(std::fs::exists(&path).unwrap());
    drop(database);
    assert!(!std::fs::exists(&path).unwrap());
}

#[tokio::test]
async fn a_dropped_postgres_database_goes_with_its_connections() {
    let database = TestDatabase::postgres().await;
    let connection = database.connect().await;
    let other_database = TestDatabase::postgres().await;
    let other = other_database.connect().await;
    let name = database.url().rsplit('/').next().unwrap().to_owned();
    drop(database);
    let statement = format!("SELECT FROM pg_database WHERE datname = '{name}'");
    let deadline = Instant::now() + Duration::from_secs(20);
    while other.execute_unprepared(&statement).await.unwrap().rows_affected() > 0 {
        assert!(Instant::now() < deadline, "{name} is still there");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(connection.execute_unprepared("SELECT 1").await.is_err());
}

#[tokio::test]
async fn an_sqlite_database_is_in_wal_mode() {
    let database = TestDatabase::sqlite_from_template("wal", async |_| {}).await;
    let connection = database.connect().await;
    let statement = Statement::from_string(connection.get_database_backend(), "PRAGMA journal_mode");
    let mode: String = connection.query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap();
    assert_eq!(mode, "wal");
}
