//! What ends a history: a crash, a restart, a standby, a dump.

use std::process::Command;
use std::time::{Duration, Instant};

use sea_orm::sqlx::query_scalar;
use tidewater_changelog::{ChangeSource, Generation, Poll, PollError, Pruner, install};
use tidewater_testkit::Postgres;

use crate::fixture::{BOTH, Fixture, TABLES, restarted};

/// The generation that polling starts over with once the server answers again.
async fn after_outage(fixture: &mut Fixture) -> Generation {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        match fixture.log.poll().await {
            Ok(Poll::Restarted { generation, .. }) => return generation,
            // It has not noticed yet, or is not back yet.
            other => assert!(Instant::now() < deadline, "{other:?}"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn generation(fixture: &Fixture) -> Generation {
    let mut log = tidewater_changelog::Log::connect(fixture.database.url(), BOTH).await.unwrap();
    restarted(log.poll().await.unwrap()).0
}

#[tokio::test]
async fn a_crash_or_a_restart_ends_the_history() {
    let mut server = Postgres::start().await;
    let mut fixture = Fixture::new(server.database().await, TABLES, BOTH).await;
    let first = generation(&fixture).await;
    // Processes agree, or they could not share a Redis.
    assert_eq!(generation(&fixture).await, first);
    fixture.after("INSERT INTO todo (id) VALUES (1)").await;

    // One of its processes dies, as by the kernel's want of memory: the server recovers by itself, under the same main
    // process, and without what had not reached the disk.
    let pool = fixture.connection.get_postgres_connection_pool();
    let pid: i32 = query_scalar("SELECT pg_backend_pid()").fetch_one(pool).await.unwrap();
    let killed = Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap();
    assert!(killed.success());
    let second = after_outage(&mut fixture).await;
    assert_ne!(second, first);

    server.stop_immediately().await;
    let down = fixture.log.poll().await.unwrap_err();
    assert!(matches!(down, PollError::Unreachable(_)), "{down}");
    server.start_again().await;
    let third = after_outage(&mut fixture).await;
    assert!(third != second && third != first);
    assert_eq!(fixture.after("INSERT INTO todo (id) VALUES (2)").await, ["+todo(2,null)"]);
}

#[tokio::test]
async fn a_log_restored_from_a_dump_starts_over() {
    let mut fixture = Fixture::postgres().await;
    fixture.after("INSERT INTO todo (id) VALUES (1)").await;
    // As `pg_restore --clean` does: the same content in tables made anew.
    let restored =
        "CREATE TABLE copy (LIKE tidewater_floor INCLUDING ALL); INSERT INTO copy SELECT * FROM tidewater_floor;
        DROP TABLE tidewater_floor; ALTER TABLE copy RENAME TO tidewater_floor";
    fixture.sql(restored).await;
    let Poll::Restarted { .. } = fixture.log.poll().await.unwrap() else { panic!("went on in another log") };
    assert!(fixture.changes().await.is_empty());
}

#[tokio::test]
async fn a_floor_from_a_server_further_on_is_told_and_repaired() {
    let mut fixture = Fixture::postgres().await;
    fixture.sql("UPDATE tidewater_floor SET floor = '9000000000:9000000000:'").await;
    let error = fixture.log.poll().await.unwrap_err();
    assert!(matches!(&error, PollError::Unusable(text) if text.contains("dump")), "{error}");
    Pruner::new(fixture.connection.clone(), Duration::ZERO).run_once().await.unwrap();
    install(&fixture.connection, BOTH).await.unwrap();
    restarted(fixture.log.poll().await.unwrap());
    assert_eq!(fixture.after("INSERT INTO todo (id) VALUES (1)").await, ["+todo(1,null)"]);
}
