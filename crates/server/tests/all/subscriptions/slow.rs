//! Clients that do not read what they are sent.

use serde_json::{Value, json};
use tidewater_testkit::{Server, TestDatabase};

use super::event_stream::EventStream;
use super::socket::Socket;
use super::world::{TODO_CHANGED, create_todo, follow_todos, rename};
use crate::fixture::{eventually, on_sqlite, sign_in};

/// What is told of so many does not fit into the network.
const CHANGES: usize = 60;

/// What gives up who does not read: neither the network, nor anything sooner or later than it.
const IMPATIENT: [&str; 6] = ["--send-timeout", "300ms", "--idle-timeout", "1h", "--max-streams", "1"];

/// Who follows todos by texts that are larger than the network holds, if there are many of them, and has not read what it was told of many
/// changes.
async fn at_a_slow_client<Follower>(
    arguments: &[&str],
    follow: impl AsyncFnOnce(&Server, &str, &str) -> Follower,
) -> (TestDatabase, Server, Follower) {
    let (database, server) = on_sqlite(arguments).await;
    let token = sign_in(&server, 2).await;
    create_todo(&server, &token, "large 0").await;
    database.sql(&format!("UPDATE todo SET notes = '{}' WHERE text = 'large 0'", "x".repeat(10_000))).await;
    let copies: String = (0..40).map(|copy| format!(" c{copy}: notes")).collect();
    let query = TODO_CHANGED.replace("text }", &format!("text {copies} }}"));
    let follower = follow(&server, &token, &query).await;
    // 400 KB for each.
    for round in 1..=CHANGES {
        rename(&database, &format!("large {}", round - 1), &format!("large {round}")).await;
        // What is answered waits for a poll, so that each change is seen by one of its own.
        server.graphql_as(&token, "{ viewer { id } }", Value::Null).await;
    }
    (database, server, follower)
}

async fn by_socket(server: &Server, token: &str, query: &str) -> Socket {
    let mut socket = Socket::connect(server, Some(token)).await;
    follow_todos(&mut socket, "1", query, server, token).await;
    socket
}

async fn by_event_stream(server: &Server, token: &str, query: &str) -> EventStream {
    let request = server.client().post(format!("{}/graphql", server.url())).bearer_auth(token);
    EventStream::open(request.header("accept", "text/event-stream").json(&json!({ "query": query }))).await
}

async fn there_is_room_again(server: &Server) {
    eventually("there is room for another one", async || {
        Socket::try_open(server, Some("graphql-transport-ws"), &[]).await.is_ok()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_that_falls_behind_is_ended() {
    let arguments = ["--follow-changes", "1", "--follow-interval", "1ms", "--send-timeout", "1h"];
    let (_database, _server, mut socket) = at_a_slow_client(&arguments, by_socket).await;
    let mut told = 0;
    let code = loop {
        let message = socket.next().await;
        if message["type"] == "error" {
            break message["payload"][0]["extensions"]["code"].clone();
        }
        told += 1;
        assert!(told < CHANGES, "nothing was lost: the network holds more than the test sends");
    };
    assert_eq!(code, "FELL_BEHIND");
    assert_eq!(socket.answer("1", "{ __typename }", Value::Null).await, json!({ "data": { "__typename": "Query" } }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_read_is_disconnected() {
    let (_database, server, mut socket) = at_a_slow_client(&IMPATIENT, by_socket).await;
    there_is_room_again(&server).await;
    socket.ended().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_of_an_event_stream_that_does_not_read_is_given_up() {
    let (_database, server, mut stream) = at_a_slow_client(&IMPATIENT, by_event_stream).await;
    there_is_room_again(&server).await;
    let mut told = 0;
    while let Some((name, event)) = stream.next().await {
        assert_eq!(name, "next", "{event}");
        told += 1;
    }
    assert!(told < CHANGES, "nothing was lost: the network holds more than the test sends");
}
