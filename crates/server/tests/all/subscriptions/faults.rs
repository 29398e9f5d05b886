//! Servers that are started again, and one that stops.

use std::time::Duration;

use serde_json::{Value, json};
use tidewater_testkit::{Backend, Postgres, Server, TestRedis};

use super::event_stream::EventStream;
use super::socket::Socket;
use super::world::{NOTE_CHANGED, TODO_CHANGED, create_todo, follow_todos, rename, todo_change};
use crate::fixture::{binary, on_sqlite, prepare, seeded, sign_in, start_over};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_may_come_and_go() {
    let (database, mut redis) = (seeded(Backend::PostgresRedis).await, TestRedis::start_own().await);
    let server = start_over(&database, Some(&redis)).await;
    let token = sign_in(&server, 2).await;
    let mut socket = Socket::connect(&server, Some(&token)).await;
    follow_todos(&mut socket, "1", TODO_CHANGED, &server, &token).await;
    let id = create_todo(&server, &token, "0").await;
    socket.result("1").await;
    redis.stop().await;
    rename(&database, "0", "1").await;
    assert_eq!(socket.result("1").await, todo_change("UPDATED", &id, Some("1")));
    redis.start_again().await;
    rename(&database, "1", "2").await;
    assert_eq!(socket.result("1").await, todo_change("UPDATED", &id, Some("2")));
    redis.flush_all().await;
    rename(&database, "2", "3").await;
    assert_eq!(socket.result("1").await, todo_change("UPDATED", &id, Some("3")));
    assert_eq!(socket.next_within(Duration::from_millis(300)).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_started_again_ends_subscriptions() {
    let mut postgres = Postgres::start().await;
    let database = postgres.database().await;
    prepare(database.url()).await;
    let server = Server::start(binary(), &["serve"], &[("DATABASE_URL", database.url())]).await;
    let token = sign_in(&server, 2).await;
    let mut socket = Socket::connect(&server, Some(&token)).await;
    follow_todos(&mut socket, "1", TODO_CHANGED, &server, &token).await;
    let request = server.client().post(format!("{}/graphql", server.url())).header("accept", "text/event-stream");
    let mut stream = EventStream::open(request.json(&json!({ "query": NOTE_CHANGED }))).await;
    postgres.stop_immediately().await;
    postgres.start_again().await;
    rename_while_nobody_looks(&database).await;
    assert_eq!(socket.error("1").await, "INTERRUPTED", "{}", server.log());
    let result = stream.result().await;
    assert_eq!(result["errors"][0]["extensions"]["code"], "INTERRUPTED", "{result}");
    stream.complete().await;
    // The session has not ended, so the connection goes on.
    follow_todos(&mut socket, "2", TODO_CHANGED, &server, &token).await;
}

async fn rename_while_nobody_looks(database: &tidewater_testkit::TestDatabase) {
    database.sql("UPDATE todo SET text = text || '.'").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_to_the_database_that_breaks_loses_nothing() {
    let database = seeded(Backend::Postgres).await;
    let server = start_over(&database, None).await;
    let token = sign_in(&server, 2).await;
    let mut socket = Socket::connect(&server, Some(&token)).await;
    follow_todos(&mut socket, "1", TODO_CHANGED, &server, &token).await;
    let id = create_todo(&server, &token, "0").await;
    socket.result("1").await;
    for round in 1..=5 {
        database
            .sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )
            .await;
        rename(&database, &(round - 1).to_string(), &round.to_string()).await;
        let result = socket.result("1").await;
        assert_eq!(
            (&result["data"]["todoChanged"]["kind"], &result["data"]["todoChanged"]["nodeId"]),
            (&json!("UPDATED"), &json!(id))
        );
    }
}

#[tokio::test]
async fn a_server_that_stops_closes_sockets_and_streams() {
    let (_database, mut server) = on_sqlite(&["--shutdown-grace", "1h"]).await;
    let mut initialised = Socket::connect(&server, None).await;
    initialised.subscribe("1", NOTE_CHANGED, Value::Null).await;
    initialised.answer("2", "{ __typename }", Value::Null).await;
    let mut opened = Socket::open(&server).await;
    let request = server.client().post(format!("{}/graphql", server.url())).header("accept", "text/event-stream");
    let mut stream = EventStream::open(request.json(&json!({ "query": NOTE_CHANGED }))).await;
    let ends = async {
        let first = tokio::join!(initialised.closed(), opened.closed());
        // Without `complete`: the client is to come again.
        (first, stream.next().await)
    };
    let ((code, log), (closed, last)) = tokio::join!(server.terminate(), ends);
    assert_eq!((closed.0.0, closed.1.0, last), (1001, 1001, None));
    assert_eq!(code, 0, "{log}");
    assert!(!log.contains("cut off"), "{log}");
}
