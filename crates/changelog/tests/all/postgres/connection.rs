//! The log's connection breaks.

use tidewater_changelog::{ChangeSource, Log, PollError};
use tidewater_testkit::TestDatabase;

use crate::fixture::{BOTH, Fixture, restarted};

/// Ends every connection of the log to its database, and returns when they are gone.
const TERMINATE: &str = "
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE application_name = 'tidewater-changelog' AND datname = current_database()";

#[tokio::test]
async fn a_terminated_connection_is_made_again_and_goes_on() {
    let mut fixture = Fixture::postgres().await;
    for id in 1..=3 {
        fixture.sql(&format!("INSERT INTO todo (id) VALUES ({id})")).await;
        fixture.sql(TERMINATE).await;
        assert_eq!(fixture.changes().await, [format!("+todo({id},null)")]);
    }
}

#[tokio::test]
async fn a_poll_that_cannot_be_answered_in_time_fails_and_the_next_goes_on() {
    let mut fixture = Fixture::postgres().await;
    let pool = fixture.connection.get_postgres_connection_pool();
    let mut blocking = pool.begin().await.unwrap();
    let lock = "LOCK TABLE tidewater_floor IN ACCESS EXCLUSIVE MODE; INSERT INTO todo (id) VALUES (1)";
    sea_orm::sqlx::raw_sql(lock).execute(&mut *blocking).await.unwrap();
    let error = fixture.log.poll().await.unwrap_err();
    assert!(matches!(error, PollError::Unreachable(_)), "{error}");
    blocking.commit().await.unwrap();
    assert_eq!(fixture.changes().await, ["+todo(1,null)"]);
}

#[tokio::test]
async fn a_reader_that_lags_far_behind_catches_up() {
    let mut fixture = Fixture::postgres().await;
    let mut slow = Log::connect(fixture.database.url(), BOTH).await.unwrap();
    restarted(slow.poll().await.unwrap());
    for id in 1..=20 {
        assert_eq!(fixture.after(&format!("INSERT INTO todo (id) VALUES ({id})")).await.len(), 1);
    }
    std::mem::swap(&mut fixture.log, &mut slow);
    assert_eq!(fixture.changes().await.len(), 20);
}

#[tokio::test]
async fn a_database_without_a_log_is_told() {
    let database = TestDatabase::postgres().await;
    let error = Log::connect(database.url(), BOTH).await.unwrap_err();
    assert!(error.to_string().contains("tidewater migrate up"), "{error}");
}
