//! Whoever is signed out hears nothing any more.

use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::{Value, json};
use tidewater_testkit::{Backend, Server, TestDatabase, on_each_backend};
use tokio::time::timeout;

use super::event_stream::EventStream;
use super::socket::Socket;
use super::world::{NOTE_CHANGED, TODO_CHANGED, create_todo, follow_todos};
use crate::fixture::{on_sqlite, seeded, sign_in, start, start_over, wait_for_blocked};

const REVOKE: &str = "mutation { revokeOtherSessions { revokedCount } }";

/// A socket and an event stream that follow the todos of user 2 by sessions of their own.
async fn following(server: &Server) -> (Socket, EventStream) {
    let (token, other) = (sign_in(server, 2).await, sign_in(server, 2).await);
    let mut socket = Socket::connect(server, Some(&token)).await;
    follow_todos(&mut socket, "1", TODO_CHANGED, server, &token).await;
    let request = server.client().post(format!("{}/graphql", server.url())).bearer_auth(other);
    let request = request.header("accept", "text/event-stream").json(&json!({ "query": TODO_CHANGED }));
    (socket, EventStream::open(request).await)
}

/// Both end, and tell nothing of what came with the end of their sessions or after it.
async fn end(mut socket: Socket, mut stream: EventStream) {
    let close = match socket.receive().await {
        // The subscription may find out before the connection does.
        Ok(message) => {
            assert_eq!(
                (&message["type"], &message["payload"][0]["extensions"]["code"]),
                (&json!("error"), &json!("UNAUTHENTICATED"))
            );
            socket.receive().await
        }
        close => close,
    };
    assert_eq!(close, Err(Some((4403, "Forbidden".to_owned()))));
    let result = stream.result().await;
    assert_eq!(result["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{result}");
    stream.complete().await;
}

on_each_backend! {
    async fn a_session_that_is_revoked_ends_what_is_followed_in_it(backend) {
        let (database, redis) = (seeded(backend).await, backend.redis().await);
        let server = start_over(&database, redis.as_ref()).await;
        let (socket, stream) = following(&server).await;
        let token = sign_in(&server, 2).await;
        let revoked = server.graphql_as(&token, REVOKE, Value::Null).await;
        assert!(revoked["data"]["revokeOtherSessions"]["revokedCount"].as_u64() >= Some(2), "{revoked}");
        create_todo(&server, &token, "not to be told").await;
        end(socket, stream).await;
    }

    async fn sessions_and_todos_that_change_at_once_tell_nothing_of_the_todos(backend) {
        let (database, redis) = (seeded(backend).await, backend.redis().await);
        let server = start_over(&database, redis.as_ref()).await;
        let (socket, stream) = following(&server).await;
        let key = "(SELECT id FROM \"user\" WHERE email = 'user2@example.test')";
        let both = format!(
            "BEGIN; UPDATE todo SET text = 'not to be told' WHERE user_id = {key}; DELETE FROM session WHERE user_id = {key}; COMMIT"
        );
        database.sql(&both).await;
        end(socket, stream).await;
    }

    async fn a_role_that_changes_ends_what_is_followed_with_it(backend) {
        let (database, redis) = (seeded(backend).await, backend.redis().await);
        let server = start_over(&database, redis.as_ref()).await;
        let (socket, stream) = following(&server).await;
        database.sql("UPDATE \"user\" SET role = 'ADMIN' WHERE email = 'user2@example.test'").await;
        end(socket, stream).await;
    }

    async fn a_session_that_expires_ends_what_is_followed_in_it(backend) {
        let (database, redis) = (seeded(backend).await, backend.redis().await);
        let server = start_over(&database, redis.as_ref()).await;
        let (socket, stream) = following(&server).await;
        expire_soon(&database).await;
        let begun = Instant::now();
        end(socket, stream).await;
        assert!(begun.elapsed() < Duration::from_secs(30), "when it expires, and not when it is looked at again");
    }
}

async fn expire_soon(database: &TestDatabase) {
    let moment = if database.url().starts_with("sqlite") {
        "strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now', '+1 seconds')"
    } else {
        "now() + interval '1 second'"
    };
    assert!(database.sql(&format!("UPDATE session SET expires_at = {moment}")).await >= 2);
}

#[tokio::test]
async fn a_session_that_is_revoked_closes_a_socket_on_which_nothing_goes_on() {
    let (_database, server) = on_sqlite(&[]).await;
    let (token, other) = (sign_in(&server, 2).await, sign_in(&server, 3).await);
    let mut socket = Socket::connect(&server, Some(&token)).await;
    let mut of_other = Socket::connect(&server, Some(&other)).await;
    let token = sign_in(&server, 2).await;
    server.graphql_as(&token, REVOKE, Value::Null).await;
    assert_eq!(socket.receive().await, Err(Some((4403, "Forbidden".to_owned()))));
    assert_eq!(of_other.answer("1", "{ __typename }", Value::Null).await["data"]["__typename"], "Query");
}

#[tokio::test]
async fn what_does_not_end_a_session_ends_nothing() {
    let (database, server) = on_sqlite(&[]).await;
    let (mut socket, mut stream) = following(&server).await;
    database.sql("UPDATE \"user\" SET name = 'Another' WHERE email = 'user2@example.test'").await;
    let token = sign_in(&server, 2).await;
    create_todo(&server, &token, "to be told").await;
    assert_eq!(socket.result("1").await["data"]["todoChanged"]["node"]["text"], "to be told");
    assert_eq!(stream.result().await["data"]["todoChanged"]["node"]["text"], "to be told");
}

#[tokio::test]
async fn who_signs_out_over_a_socket_is_told_so_first() {
    let (_database, server) = on_sqlite(&[]).await;
    let token = sign_in(&server, 2).await;
    let mut socket = Socket::connect(&server, Some(&token)).await;
    socket.subscribe("notes", NOTE_CHANGED, Value::Null).await;
    let answer = socket.answer("1", "mutation { signOut { __typename } }", Value::Null).await;
    assert_eq!(answer, json!({ "data": { "signOut": { "__typename": "SignOutPayload" } } }));
    assert_eq!(socket.closed().await.0, 4403);
}

#[tokio::test]
async fn a_session_that_is_over_takes_nothing_and_waits_for_nothing_long() {
    let database = seeded(Backend::Postgres).await;
    let server = start(&database, &["--request-timeout", "1h"]).await;
    let (token, other) = (sign_in(&server, 2).await, sign_in(&server, 2).await);
    let mut socket = Socket::connect(&server, Some(&token)).await;
    let connection = database.connect().await;
    let lock = connection.begin().await.unwrap();
    lock.execute_unprepared("LOCK TABLE tag IN ACCESS EXCLUSIVE MODE").await.unwrap();
    socket.subscribe("1", "{ viewer { tags { totalCount } } }", Value::Null).await;
    wait_for_blocked(&connection, 1).await;

    let revoked = server.graphql_as(&other, REVOKE, Value::Null).await;
    assert!(revoked["data"]["revokeOtherSessions"]["revokedCount"].as_u64() >= Some(1), "{revoked}");
    // It is known of a little later, and from then on no ping is answered, for two seconds.
    let silent = async {
        loop {
            socket.send(json!({ "type": "ping" })).await;
            let Ok(answer) = timeout(Duration::from_millis(700), socket.receive()).await else { return };
            assert_eq!(answer, Ok(json!({ "type": "pong" })));
        }
    };
    timeout(Duration::from_secs(30), silent).await.expect("it goes on as before");
    assert_eq!(socket.receive().await, Err(Some((4403, "Forbidden".to_owned()))));
    lock.rollback().await.unwrap();
}
