use std::time::Duration;

use sea_orm_migration::sea_orm::sqlx::{SqlitePool, sqlite::SqliteConnectOptions};
use sea_orm_migration::sea_orm::{ConnectionTrait, SqlxSqliteConnector};
use tidewater_entity::tracking;
use tidewater_migration::{Error, migrate_down, migrate_up, pending, status};

use crate::catalog::{catalog, count, schema};
use crate::on_both_databases;

const MIGRATIONS: u32 = 11;

on_both_databases! {
    async fn up_applies_everything_and_a_second_time_nothing(database) {
        let connection = database.connect().await;
        assert!(status(&connection).await.unwrap().iter().all(|(_, applied)| !applied));
        assert_eq!(pending(&connection).await.unwrap().len(), MIGRATIONS as usize);
        assert!(catalog(&connection).await.is_empty(), "asking for the status must change nothing");

        migrate_up(&connection, &tracking(), None).await.unwrap();
        assert!(status(&connection).await.unwrap().iter().all(|(_, applied)| *applied));
        assert!(pending(&connection).await.unwrap().is_empty());
        tidewater_changelog::verify(&connection, &tracking()).await.unwrap();

        let before = catalog(&connection).await;
        migrate_up(&connection, &tracking(), None).await.unwrap();
        assert_eq!(catalog(&connection).await, before);
    }

    async fn down_to_zero_leaves_nothing_and_up_again_leads_to_the_same(database) {
        let connection = database.connect().await;
        migrate_up(&connection, &tracking(), None).await.unwrap();
        let before = catalog(&connection).await;

        migrate_down(&connection, None).await.unwrap();
        assert_eq!(catalog(&connection).await, Vec::<String>::new());
        migrate_down(&connection, None).await.unwrap();
        assert_eq!(catalog(&connection).await, Vec::<String>::new());

        migrate_up(&connection, &tracking(), None).await.unwrap();
        assert_eq!(catalog(&connection).await, before);
    }

    async fn each_migration_is_undone_by_its_own_down(database) {
        let connection = database.connect().await;
        for applied in 0..MIGRATIONS {
            migrate_up(&connection, &tracking(), Some(applied)).await.unwrap();
            let before = schema(&connection).await;
            migrate_up(&connection, &tracking(), Some(1)).await.unwrap();
            assert!(schema(&connection).await.len() > before.len());
            assert_eq!(pending(&connection).await.unwrap().len() as u32, MIGRATIONS - applied - 1);
            migrate_down(&connection, Some(1)).await.unwrap();
            if applied > 0 {
                assert_eq!(schema(&connection).await, before);
            }
            migrate_down(&connection, None).await.unwrap();
        }
    }

    async fn processes_that_migrate_at_once_take_turns(database) {
        let (one, two) = (database.connect().await, database.connect().await);
        let tracking = tracking();
        let (first, second) = tokio::join!(migrate_up(&one, &tracking, None), migrate_up(&two, &tracking, None));
        first.unwrap();
        second.unwrap();
        assert_eq!(count(&one, "seaql_migrations").await, i64::from(MIGRATIONS));
        tidewater_changelog::verify(&one, &tracking).await.unwrap();
    }

    async fn a_migration_that_fails_takes_the_others_back(database) {
        let connection = database.connect().await;
        database.sql("CREATE TABLE tag (id int)").await;
        let before = catalog(&connection).await;
        assert!(matches!(migrate_up(&connection, &tracking(), None).await, Err(Error::Database(_))));
        assert_eq!(catalog(&connection).await, before);
    }

    async fn a_database_of_a_newer_program_is_left_alone(database) {
        let connection = database.connect().await;
        migrate_up(&connection, &tracking(), None).await.unwrap();
        database.sql("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29990101_000001_beyond', 0)").await;
        let before = catalog(&connection).await;

        let refused = migrate_up(&connection, &tracking(), None).await.unwrap_err();
        assert!(matches!(&refused, Error::Newer(text) if text.contains("m29990101_000001_beyond")), "{refused}");
        assert!(matches!(migrate_down(&connection, None).await, Err(Error::Newer(_))));
        assert!(matches!(status(&connection).await, Err(Error::Newer(_))));
        assert_eq!(catalog(&connection).await, before);
    }
}

#[tokio::test]
async fn a_connection_with_a_short_statement_timeout_can_migrate() {
    let database = tidewater_testkit::TestDatabase::postgres().await;
    let connection = tidewater_entity::connect(database.url(), 2).await.unwrap();
    migrate_up(&connection, &tracking(), None).await.unwrap();
    let timeout = crate::catalog::texts(&connection, "SHOW statement_timeout").await;
    assert_eq!(timeout, ["10s"], "the migration's own setting ends with its transaction");
    connection.execute_unprepared("SELECT 1").await.unwrap();
}

#[tokio::test]
async fn a_database_that_another_process_keeps_is_busy() {
    let database = tidewater_testkit::TestDatabase::sqlite().await;
    let impatient: SqliteConnectOptions = database.url().parse().unwrap();
    let pool = SqlitePool::connect_with(impatient.busy_timeout(Duration::ZERO)).await.unwrap();
    let connection = SqlxSqliteConnector::from_sqlx_sqlite_pool(pool);
    let other = database.connect().await;
    let writing = other.get_sqlite_connection_pool().begin_with("BEGIN IMMEDIATE").await.unwrap();

    let refused = migrate_up(&connection, &tracking(), None).await.unwrap_err();
    assert!(matches!(refused, Error::Busy), "{refused:?}");
    writing.rollback().await.unwrap();
    migrate_up(&connection, &tracking(), None).await.unwrap();
}
