//! What is counted of the statements of a pool, and of who waits for its connections.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use tidewater_entity::{Statements, Verb, begin, connect};
use tokio::time::timeout;

use crate::on_both_databases;

fn statement(connection: &impl ConnectionTrait, sql: &str) -> Statement {
    Statement::from_string(connection.get_database_backend(), sql)
}

/// How many of each verb there were, and how many of these failed.
fn counts(statements: &Statements) -> Vec<(Verb, u64, u64)> {
    let all = statements.statistics().statements.into_iter();
    let counts = all.map(|of_verb| (of_verb.verb, of_verb.latency.count(), of_verb.failed));
    counts.filter(|(_, count, _)| *count > 0).collect()
}

async fn select(connection: &DatabaseConnection) {
    connection.query_all_raw(statement(connection, "SELECT 1")).await.unwrap();
}

on_both_databases! {
    async fn statements_are_counted_by_what_they_do_in_transactions_too(migrated) {
        let mut connection = migrated.connection;
        let statements = Statements::count(&mut connection);
        assert_eq!(counts(&statements), []);
        select(&connection).await;
        connection.execute_raw(statement(&connection, "DELETE FROM nowhere")).await.unwrap_err();
        assert_eq!(counts(&statements), [(Verb::Select, 1, 0), (Verb::Delete, 1, 1)]);
        let transaction = begin(&connection.clone()).await.unwrap();
        transaction.query_all_raw(statement(&transaction, "SELECT 1")).await.unwrap();
        transaction.rollback().await.unwrap();
        assert_eq!(counts(&statements), [(Verb::Select, 2, 0), (Verb::Delete, 1, 1)]);
        let statistics = statements.statistics();
        assert_eq!((statistics.latency().count(), statistics.failed(), statistics.most), (3, 1, 4));
        assert!((1..=4).contains(&statistics.connections) && statistics.idle <= statistics.connections);
    }

    async fn the_statements_that_some_work_takes_are_counted_for_it_alone(migrated) {
        let mut connection = migrated.connection;
        let statements = Statements::count(&mut connection);
        let twice = async {
            select(&connection).await;
            // What fails was sent, too, and waiting for a connection is counted beside.
            statements.waiting(connection.execute_raw(statement(&connection, "DELETE FROM nowhere"))).await.unwrap_err();
            "done"
        };
        let (counted, uncounted, ()) =
            tokio::join!(Statements::made_by(twice), Statements::made_by(async {}), select(&connection));
        assert_eq!((counted, uncounted), (("done", 2), ((), 0)));
    }

    async fn connections_that_nobody_uses_are_told_apart(migrated) {
        let connection = connect(migrated.database.url(), 1).await.unwrap();
        let statements = Statements::uncounted(&connection);
        let told = || {
            let statistics = statements.statistics();
            (statistics.connections, statistics.idle)
        };
        // It is given back behind the answer.
        let is_given_back = async || {
            while told() != (1, 1) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        select(&connection).await;
        timeout(Duration::from_secs(60), is_given_back()).await.unwrap();
        let transaction = begin(&connection).await.unwrap();
        assert_eq!(told(), (1, 0));
        transaction.rollback().await.unwrap();
        timeout(Duration::from_secs(60), is_given_back()).await.unwrap();
    }

    async fn who_waits_for_a_statement_alone_is_not_counted_as_waiting(migrated) {
        const LONG: &str = "WITH RECURSIVE counted (number) AS \
            (SELECT 1 UNION ALL SELECT number + 1 FROM counted WHERE number < 1000000) SELECT COUNT(*) FROM counted";
        let mut connection = migrated.connection;
        let statements = Statements::count(&mut connection);
        statements.waiting(connection.query_all_raw(statement(&connection, LONG))).await.unwrap();
        let statistics = statements.statistics();
        assert_eq!((statistics.waits.count(), statistics.latency().count()), (1, 1));
        assert!(statistics.waits.sum() < statistics.latency().sum() / 2, "{statistics:?}");
    }

    async fn who_has_to_wait_for_a_connection_is_counted_as_waiting(migrated) {
        // Far longer than a statement takes on a busy machine.
        const HELD: Duration = Duration::from_secs(1);
        let mut connection = connect(migrated.database.url(), 1).await.unwrap();
        let statements = Statements::count(&mut connection);
        statements.waiting(select(&connection)).await;
        assert_eq!(statements.statistics().waits.count(), 1);
        let before = statements.statistics().waits.sum();
        let transaction = begin(&connection).await.unwrap();
        let released = async {
            tokio::time::sleep(HELD).await;
            transaction.rollback().await.unwrap();
        };
        tokio::join!(statements.waiting(select(&connection)), released);
        let statistics = statements.statistics();
        assert_eq!(statistics.waits.count(), 2);
        assert!(statistics.waits.sum() - before >= HELD - Duration::from_millis(10), "{:?}", statistics.waits.sum());
        assert!(statistics.latency().quantile(1.0).unwrap() < HELD, "the statement itself did not wait");
    }
}
