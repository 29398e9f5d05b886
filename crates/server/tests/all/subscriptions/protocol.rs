//! The sub-protocol, message by message.

use std::time::Duration;

use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::{Value, json};
use tidewater_testkit::Backend;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use super::socket::Socket;
use super::world::{NOTE_CHANGED, TODO_CHANGED, create_todo, follow_todos, rename, todo_change};
use crate::fixture::{credentials, on_sqlite, seeded, sign_in, start, wait_for_blocked};

const SIGN_IN: &str = "mutation($input: SignInInput!) { signIn(input: $input) { viewer { email } } }";

#[tokio::test]
async fn another_sub_protocol_is_not_accepted() {
    let (_database, server) = on_sqlite(&[]).await;
    let mut socket = Socket::try_open(&server, None, &[]).await.unwrap();
    assert_eq!(socket.closed().await, (4406, "Subprotocol not acceptable".to_owned()));
}

#[tokio::test]
async fn a_connection_has_to_be_asked_for_in_time() {
    let (_database, server) = on_sqlite(&["--socket-init-timeout", "100ms"]).await;
    let mut socket = Socket::open(&server).await;
    assert_eq!(socket.closed().await, (4408, "Connection initialisation timeout".to_owned()));
    let mut initialised = Socket::connect(&server, None).await;
    assert_eq!(initialised.next_within(Duration::from_millis(300)).await, None, "that is in time");
}

#[tokio::test]
async fn a_connection_is_asked_for_once() {
    let (_database, server) = on_sqlite(&[]).await;
    for is_waiting in [true, false] {
        let mut socket = Socket::open(&server).await;
        if is_waiting {
            socket.send(json!({ "type": "connection_init" })).await;
        } else {
            socket.initialise(Value::Null).await;
        }
        socket.send(json!({ "type": "connection_init" })).await;
        assert_eq!(socket.closed().await, (4429, "Too many initialisation requests".to_owned()));
    }
}

#[tokio::test]
async fn an_operation_before_the_connection_is_unauthorized() {
    let (_database, server) = on_sqlite(&[]).await;
    let mut socket = Socket::open(&server).await;
    socket.subscribe("1", "{ __typename }", Value::Null).await;
    assert_eq!(socket.closed().await, (4401, "Unauthorized".to_owned()));
}

#[tokio::test]
async fn an_id_is_used_once_at_a_time() {
    let (_database, server) = on_sqlite(&[]).await;
    let mut socket = Socket::connect(&server, None).await;
    socket.subscribe("one", NOTE_CHANGED, Value::Null).await;
    socket.subscribe("one", "{ __typename }", Value::Null).await;
    assert_eq!(socket.closed().await, (4409, "Subscriber for one already exists".to_owned()));
}

#[tokio::test]
async fn other_messages_are_bad_requests() {
    let (_database, server) = on_sqlite(&[]).await;
    let rubbish = [
        Message::text("rubbish"),
        Message::text(r#"{"type":"start","id":"1","payload":{"query":"{ __typename }"}}"#),
        Message::text(r#"{"type":"subscribe","id":"1","payload":{}}"#),
        Message::text(r#"{"type":"connection_ack"}"#),
        Message::text(
            json!({ "type": "subscribe", "id": "x".repeat(2_000), "payload": { "query": "{ __typename }" } })
                .to_string(),
        ),
        Message::binary(Bytes::from_static(br#"{"type":"ping"}"#)),
    ];
    for message in rubbish {
        let mut socket = Socket::connect(&server, None).await;
        socket.send_raw(message.clone()).await;
        let (code, reason) = socket.closed().await;
        assert_eq!(code, 4400, "{message}: {reason}");
        assert!(reason.starts_with("Invalid message received"), "{reason}");
    }
}

#[tokio::test]
async fn a_message_has_a_largest_size() {
    let (_database, server) = on_sqlite(&["--max-body", "2KiB"]).await;
    for size in [2_100, 100_000] {
        let mut socket = Socket::connect(&server, None).await;
        socket.send(json!({ "type": "ping", "payload": { "text": "x".repeat(size) } })).await;
        assert_eq!(socket.closed().await.0, 1009, "{size}");
    }
    let mut socket = Socket::connect(&server, None).await;
    socket.send(json!({ "type": "ping", "payload": { "text": "x".repeat(1_000) } })).await;
    assert_eq!(socket.next().await["type"], "pong");
}

#[tokio::test]
async fn a_frame_that_says_that_it_is_too_large_is_not_waited_for() {
    let (_database, server) = on_sqlite(&["--max-body", "2KiB", "--socket-init-timeout", "1h"]).await;
    let mut stream = BufReader::new(server.connect().await);
    let upgrade = "GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n";
    stream.write_all(upgrade.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
    // A text, masked, of 100,000 bytes, of which none comes.
    let header = [&[0x81, 0x80 | 127][..], &100_000_u64.to_be_bytes(), &[0; 4]].concat();
    stream.write_all(&header).await.unwrap();
    let mut close = [0; 4];
    let read = timeout(Duration::from_secs(20), stream.read_exact(&mut close)).await;
    read.expect("its end is waited for").unwrap();
    assert_eq!((close[0], u16::from_be_bytes([close[2], close[3]])), (0x88, 1009));
}

#[tokio::test]
async fn both_sides_ping() {
    let (_database, server) = on_sqlite(&["--keep-alive", "100ms"]).await;
    let mut socket = Socket::open(&server).await;
    socket.send(json!({ "type": "ping" })).await;
    assert_eq!(socket.next().await, json!({ "type": "pong" }), "before anything else");
    socket.initialise(json!({})).await;
    socket.send(json!({ "type": "ping", "payload": { "sent": 1 } })).await;
    assert_eq!(socket.next().await, json!({ "type": "pong", "payload": { "sent": 1 } }));
    for _ in 0..10 {
        while socket.next_of_all().await != json!({ "type": "ping" }) {}
        socket.send(json!({ "type": "pong" })).await;
    }
    // And then not any more.
    socket.ended().await;
}

#[tokio::test]
async fn queries_and_mutations_have_one_result() {
    let (_database, server) = on_sqlite(&[]).await;
    let mut socket = Socket::connect(&server, None).await;
    assert_eq!(socket.answer("1", "{ __typename }", Value::Null).await, json!({ "data": { "__typename": "Query" } }));
    let signed_in = socket.answer("1", SIGN_IN, credentials(2)).await;
    assert_eq!(signed_in["data"]["signIn"]["viewer"]["email"], "user2@example.test", "{signed_in}");
    let failed =
        socket.answer("2", "mutation { createTodo(input: { text: \"a\" }) { todo { id } } }", Value::Null).await;
    assert_eq!(failed["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "a field's error is part of a result");
    let named = json!({ "query": "query A { a: __typename } query B { b: __typename }", "operationName": "B" });
    socket.send(json!({ "id": "3", "type": "subscribe", "payload": named })).await;
    assert_eq!(socket.result("3").await, json!({ "data": { "b": "Query" } }));
}

#[tokio::test]
async fn what_is_not_executed_is_an_error() {
    let (_database, server) = on_sqlite(&["--max-complexity", "100"]).await;
    let mut socket = Socket::connect(&server, None).await;
    for refused in [
        "{ nonsense }",
        "{ syntax",
        "",
        "query A { __typename } query B { __typename }",
        "subscription { nonsense }",
        "subscription { noteChanged { kind } todoChanged { kind } }",
        "subscription { a: noteChanged { kind } b: noteChanged { kind } }",
        "subscription { __typename }",
        "subscription { noteChanged(id: \"nonsense\") { kind } }",
        "subscription { noteChanged { node { user { todos(first: 100) { nodes { id text } } } } } }",
    ] {
        socket.subscribe("1", refused, Value::Null).await;
        assert_eq!(socket.error("1").await, "BAD_USER_INPUT", "{refused}");
    }
    socket.subscribe("1", TODO_CHANGED, Value::Null).await;
    assert_eq!(socket.error("1").await, "UNAUTHENTICATED");
    socket.subscribe("1", "subscription { notifications { kind } }", Value::Null).await;
    assert_eq!(socket.error("1").await, "UNAUTHENTICATED");
    assert_eq!(
        socket.answer("1", "{ __typename }", Value::Null).await["data"]["__typename"],
        "Query",
        "the id is free"
    );
}

#[tokio::test]
async fn a_client_ends_what_it_does_not_want_any_more() {
    let (database, server) = on_sqlite(&[]).await;
    let token = sign_in(&server, 2).await;
    let mut socket = Socket::connect(&server, Some(&token)).await;
    let id = create_todo(&server, &token, "a").await;
    follow_todos(&mut socket, "1", TODO_CHANGED, &server, &token).await;
    rename(&database, "a", "b").await;
    assert_eq!(socket.result("1").await, todo_change("UPDATED", &id, Some("b")));
    socket.send(json!({ "id": "1", "type": "complete" })).await;
    socket.send(json!({ "id": "unknown", "type": "complete" })).await;
    // The next one's result says that the message has been read.
    socket.answer("3", "{ __typename }", Value::Null).await;
    rename(&database, "b", "c").await;
    assert_eq!(socket.next_within(Duration::from_millis(500)).await, None);
    follow_todos(&mut socket, "1", TODO_CHANGED, &server, &token).await;
}

#[tokio::test]
async fn a_connection_has_only_so_many_operations() {
    let (_database, server) = on_sqlite(&["--max-socket-operations", "2"]).await;
    let mut socket = Socket::connect(&server, None).await;
    for id in ["1", "2", "3"] {
        socket.subscribe(id, NOTE_CHANGED, Value::Null).await;
    }
    assert_eq!(socket.error("3").await, "UNAVAILABLE");
    socket.send(json!({ "id": "2", "type": "complete" })).await;
    assert_eq!(socket.answer("3", "{ __typename }", Value::Null).await["data"]["__typename"], "Query");
}

#[tokio::test]
async fn each_operation_counts_like_a_request() {
    // One for opening the socket.
    let (_database, server) = on_sqlite(&["--request-rate", "3/h"]).await;
    let mut socket = Socket::connect(&server, None).await;
    // One after the other: those that are under way together count in any order.
    socket.answer("1", "{ __typename }", Value::Null).await;
    socket.answer("2", "{ __typename }", Value::Null).await;
    socket.subscribe("3", NOTE_CHANGED, Value::Null).await;
    assert_eq!(socket.error("3").await, "RATE_LIMITED");
}

#[tokio::test]
async fn an_operation_takes_the_place_of_a_request_and_no_more_time() {
    let database = seeded(Backend::Postgres).await;
    let server = start(&database, &["--max-requests", "1", "--request-timeout", "2s"]).await;
    let token = sign_in(&server, 2).await;
    let mut first = Socket::connect(&server, Some(&token)).await;
    let mut second = Socket::connect(&server, None).await;
    let connection = database.connect().await;
    let lock = connection.begin().await.unwrap();
    lock.execute_unprepared("LOCK TABLE tag IN ACCESS EXCLUSIVE MODE").await.unwrap();
    first.subscribe("1", "{ viewer { tags { totalCount } } }", Value::Null).await;
    wait_for_blocked(&connection, 1).await;
    second.subscribe("2", "{ __typename }", Value::Null).await;
    assert_eq!(second.error("2").await, "UNAVAILABLE");
    assert_eq!(first.error("1").await, "TIMEOUT");
    lock.rollback().await.unwrap();
    assert_eq!(second.answer("3", "{ __typename }", Value::Null).await["data"]["__typename"], "Query");
}

#[tokio::test]
async fn a_subscription_over_plain_http_is_refused() {
    let (_database, server) = on_sqlite(&[]).await;
    let answer = server.graphql(NOTE_CHANGED, Value::Null).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{answer}");
    assert!(answer["errors"][0]["message"].as_str().unwrap().contains("text/event-stream"), "{answer}");
}
