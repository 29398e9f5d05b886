//! Pruning, on both databases.

use std::time::Duration;

use sea_orm::ConnectionTrait;
use tidewater_changelog::{ChangeSource, Log, Poll, Pruner};

use crate::fixture::{BOTH, Fixture, describe_all, on_both, restarted};

/// Long enough for a run not to prune what it sees itself.
const SHORT: Duration = Duration::from_millis(5);

impl Fixture {
    /// Prunes all that is visible. The log's reader has not seen the floor then: other databases of the server move it.
    async fn prune(&self) -> u64 {
        Pruner::new(self.connection.clone(), Duration::ZERO).run_once().await.unwrap()
    }

    /// Prunes what the log's reader sees meanwhile.
    async fn prune_behind_the_reader(&mut self) -> u64 {
        let mut pruner = Pruner::new(self.connection.clone(), SHORT);
        assert_eq!(pruner.run_once().await.unwrap(), 0);
        self.changes().await;
        tokio::time::sleep(SHORT).await;
        pruner.run_once().await.unwrap()
    }

    /// What is known after a poll that may start over.
    async fn known(&mut self) -> Vec<String> {
        match self.log.poll().await.unwrap() {
            Poll::Continued { changes, .. } => describe_all(&changes),
            Poll::Restarted { history, .. } => history.iter().flat_map(|(_, changes)| describe_all(changes)).collect(),
        }
    }

    async fn logged(&self) -> usize {
        let rows = sea_orm::Statement::from_string(
            self.connection.get_database_backend(),
            "SELECT 1 AS one FROM tidewater_change",
        );
        self.connection.query_all_raw(rows).await.unwrap().len()
    }
}

on_both! {
    async fn what_is_younger_than_the_retention_is_kept(fixture) {
        fixture.sql("INSERT INTO todo (id) VALUES (1)").await;
        let mut pruner = Pruner::new(fixture.connection.clone(), Duration::from_secs(3_600));
        assert_eq!(pruner.run_once().await.unwrap(), 0);
        assert_eq!(pruner.run_once().await.unwrap(), 0);
        assert_eq!(fixture.changes().await, ["+todo(1,null)"]);
    }

    async fn what_is_older_goes_and_a_reader_that_saw_it_goes_on(fixture) {
        fixture.sql("INSERT INTO todo (id) VALUES (1), (2)").await;
        assert!(fixture.prune_behind_the_reader().await > 0);
        // SQLite keeps one row, by which a reader tells that the log is the one it read.
        assert!(fixture.logged().await <= 1);
        assert_eq!(fixture.after("INSERT INTO todo (id) VALUES (3)").await, ["+todo(3,null)"]);
        assert!(fixture.prune_behind_the_reader().await > 0);
        assert!(fixture.changes().await.is_empty());
    }

    async fn what_deletes_nothing_moves_no_floor(fixture) {
        fixture.sql("INSERT INTO todo (id) VALUES (1)").await;
        fixture.prune_behind_the_reader().await;
        for _ in 0..3 {
            assert_eq!(fixture.prune().await, 0);
        }
        assert!(fixture.changes().await.is_empty());
    }

    async fn a_reader_that_had_not_seen_it_starts_over(fixture) {
        fixture.sql("INSERT INTO todo (id) VALUES (1)").await;
        fixture.prune().await;
        fixture.sql("INSERT INTO todo (id) VALUES (2)").await;
        let (_, history) = restarted(fixture.log.poll().await.unwrap());
        let all: Vec<_> = history.iter().flat_map(|(_, changes)| describe_all(changes)).collect();
        assert_eq!(all, ["+todo(2,null)"]);
        assert_eq!(fixture.after("INSERT INTO todo (id) VALUES (3)").await, ["+todo(3,null)"]);
    }

    async fn an_older_pruner_does_not_move_the_floor_back(fixture) {
        let mut slow = Pruner::new(fixture.connection.clone(), SHORT);
        slow.run_once().await.unwrap();
        fixture.sql("INSERT INTO todo (id) VALUES (1)").await;
        fixture.prune().await;
        fixture.known().await;
        tokio::time::sleep(SHORT).await;
        // Its own old mark is before the floor by now.
        assert_eq!(slow.run_once().await.unwrap(), 0);
        let mut log = Log::connect(fixture.database.url(), BOTH).await.unwrap();
        let (_, history) = restarted(log.poll().await.unwrap());
        assert!(history.iter().all(|(_, changes)| changes.is_empty()));
    }

    async fn several_prune_at_once(fixture) {
        for id in 1..=30 {
            fixture.sql(&format!("INSERT INTO todo (id) VALUES ({id})")).await;
        }
        futures::future::join_all([fixture.prune(), fixture.prune(), fixture.prune()]).await;
        assert!(fixture.logged().await <= 1);
        fixture.known().await;
        assert_eq!(fixture.after("INSERT INTO todo (id) VALUES (31)").await, ["+todo(31,null)"]);
    }
}

#[tokio::test]
async fn a_running_transaction_is_not_pruned() {
    let mut fixture = Fixture::postgres().await;
    let running = sea_orm::TransactionTrait::begin(&fixture.connection).await.unwrap();
    running.execute_unprepared("INSERT INTO todo (id) VALUES (1)").await.unwrap();
    assert_eq!(fixture.after("INSERT INTO todo (id) VALUES (2)").await, ["+todo(2,null)"]);
    fixture.prune().await;
    running.commit().await.unwrap();
    assert_eq!(fixture.known().await, ["+todo(1,null)"]);
    let mut log = Log::connect(fixture.database.url(), BOTH).await.unwrap();
    let (_, history) = restarted(log.poll().await.unwrap());
    let all: Vec<_> = history.iter().flat_map(|(_, changes)| describe_all(changes)).collect();
    assert_eq!(all, ["+todo(1,null)"]);
}
