//! Live queries, over WebSockets and event streams.

use std::time::Duration;

use serde_json::{Value, json};
use tidewater_testkit::{Postgres, Server, on_each_backend};

use super::event_stream::EventStream;
use super::socket::Socket;
use super::world::{create_todo, rename};
use crate::fixture::{binary, eventually, on_sqlite, prepare, seeded, sign_in, start_over};

const NEWEST: &str =
    "query @live { todos(first: 1, orderBy: { field: CREATED_AT, direction: DESC }) { nodes { text } } }";

fn newest(text: &str) -> Value {
    json!({ "data": { "todos": { "nodes": [{ "text": text }] } } })
}

async fn open(server: &Server, token: &str, seen: Option<&str>) -> EventStream {
    let request = server.client().post(format!("{}/graphql", server.url())).header("accept", "text/event-stream");
    let request = request.bearer_auth(token).json(&json!({ "query": NEWEST }));
    EventStream::open(match seen {
        Some(seen) => request.header("last-event-id", seen),
        None => request,
    })
    .await
}

on_each_backend! {
    async fn a_change_is_answered_whoever_made_it(backend) {
        let (database, redis) = (seeded(backend).await, backend.redis().await);
        let here = start_over(&database, redis.as_ref()).await;
        let there = start_over(&database, redis.as_ref()).await;
        let token = sign_in(&here, 2).await;
        create_todo(&here, &token, "0").await;
        let mut socket = Socket::connect(&here, Some(&token)).await;
        socket.subscribe("1", NEWEST, Value::Null).await;
        assert_eq!(socket.result("1").await, newest("0"));
        let mut stream = open(&there, &token, None).await;
        assert_eq!(stream.result().await, newest("0"));
        rename(&database, "0", "1").await;
        assert_eq!(socket.result("1").await, newest("1"));
        assert_eq!(stream.result().await, newest("1"));
        for (server, text) in [(&here, "2"), (&there, "3")] {
            create_todo(server, &token, text).await;
            assert_eq!(socket.result("1").await, newest(text));
            assert_eq!(stream.result().await, newest(text));
        }
        create_todo(&here, &sign_in(&here, 3).await, "of no interest").await;
        assert_eq!(socket.next_within(Duration::from_millis(300)).await, None);
        socket.send(json!({ "id": "1", "type": "complete" })).await;
        rename(&database, "3", "4").await;
        assert_eq!(stream.result().await, newest("4"));
        assert_eq!(socket.next_within(Duration::from_millis(300)).await, None);
    }

    async fn a_client_that_comes_again_loses_nothing(backend) {
        let (database, redis) = (seeded(backend).await, backend.redis().await);
        let server = start_over(&database, redis.as_ref()).await;
        let token = sign_in(&server, 2).await;
        create_todo(&server, &token, "0").await;
        let mut stream = open(&server, &token, None).await;
        stream.result().await;
        let seen = stream.last_id().to_owned();
        drop(stream);
        // Another server, too.
        let server = start_over(&database, redis.as_ref()).await;
        let mut stream = open(&server, &token, Some(&seen)).await;
        rename(&database, "0", "1").await;
        assert_eq!(stream.result().await, newest("1"), "and not what it has seen");
        drop(stream);
        rename(&database, "1", "2").await;
        let mut stream = open(&server, &token, Some(&seen)).await;
        assert_eq!(stream.result().await, newest("2"));
    }

    async fn a_session_that_ends_takes_its_live_queries_along(backend) {
        let (database, redis) = (seeded(backend).await, backend.redis().await);
        let server = start_over(&database, redis.as_ref()).await;
        let token = sign_in(&server, 2).await;
        create_todo(&server, &token, "0").await;
        let mut socket = Socket::connect(&server, Some(&token)).await;
        socket.subscribe("1", NEWEST, Value::Null).await;
        socket.result("1").await;
        let mut stream = open(&server, &token, None).await;
        stream.result().await;
        database.sql("DELETE FROM session").await;
        let last = stream.result().await;
        assert_eq!(last["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{last}");
        stream.complete().await;
        let (code, _) = socket.closed().await;
        assert_eq!(code, 4403);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_gone_for_a_while_is_waited_for() {
    let mut postgres = Postgres::start().await;
    let database = postgres.database().await;
    prepare(database.url()).await;
    let server = Server::start(binary(), &["serve"], &[("DATABASE_URL", database.url())]).await;
    let token = sign_in(&server, 2).await;
    create_todo(&server, &token, "0").await;
    let mut stream = open(&server, &token, None).await;
    assert_eq!(stream.result().await, newest("0"));
    postgres.stop_immediately().await;
    postgres.start_again().await;
    rename(&database, "0", "1").await;
    assert_eq!(stream.result().await, newest("1"), "no error comes before it: {}", server.log());
}

#[tokio::test]
async fn where_nothing_can_follow_a_live_query_is_refused() {
    let (_database, server) = on_sqlite(&[]).await;
    let token = sign_in(&server, 2).await;
    let answer = server.graphql_as(&token, NEWEST, Value::Null).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{answer}");
    assert!(answer["errors"][0]["message"].as_str().unwrap().contains("text/event-stream"), "{answer}");
    let request = server.client().post(format!("{}/graphql", server.url())).header("accept", "text/event-stream");
    let wrong = json!({ "query": "query @live(throttle: \"no\") { __typename }" });
    let mut stream = EventStream::open(request.json(&wrong)).await;
    assert_eq!(stream.result().await["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    stream.complete().await;
}

#[tokio::test]
async fn what_a_live_query_asks_is_kept_only_if_it_is_small() {
    let (_database, server) = on_sqlite(&[]).await;
    let mut socket = Socket::connect(&server, None).await;
    for (size, is_kept) in [(60_000, true), (70_000, false)] {
        socket.subscribe("1", "query @live { __typename }", json!({ "unused": "x".repeat(size) })).await;
        match is_kept {
            true => assert_eq!(socket.result("1").await["data"]["__typename"], "Query"),
            false => assert_eq!(socket.error("1").await, "BAD_USER_INPUT"),
        }
        socket.send(json!({ "id": "1", "type": "complete" })).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_so_many_live_queries_are_open() {
    let arguments = ["--max-live-queries", "3", "--max-socket-live-queries", "2"];
    let (_database, server) = on_sqlite(&arguments).await;
    let token = sign_in(&server, 2).await;
    create_todo(&server, &token, "0").await;
    let mut one = Socket::connect(&server, Some(&token)).await;
    let mut other = Socket::connect(&server, Some(&token)).await;
    for id in ["1", "2"] {
        one.subscribe(id, NEWEST, Value::Null).await;
        assert_eq!(one.result(id).await, newest("0"));
    }
    one.subscribe("3", NEWEST, Value::Null).await;
    assert_eq!(one.error("3").await, "UNAVAILABLE", "of this socket");
    one.answer("3", "{ __typename }", Value::Null).await;
    other.subscribe("1", NEWEST, Value::Null).await;
    assert_eq!(other.result("1").await, newest("0"), "what was refused has left no trace");
    other.subscribe("2", NEWEST, Value::Null).await;
    assert_eq!(other.error("2").await, "UNAVAILABLE", "of this server");
    let mut stream = open(&server, &token, None).await;
    assert_eq!(stream.result().await["errors"][0]["extensions"]["code"], "UNAVAILABLE");
    stream.complete().await;

    one.send(json!({ "id": "1", "type": "complete" })).await;
    eventually("there is room for another one", async || {
        let mut stream = open(&server, &token, None).await;
        stream.result().await == newest("0")
    })
    .await;
}
