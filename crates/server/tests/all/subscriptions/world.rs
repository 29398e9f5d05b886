//! What the tests change and how they know that a subscription has begun.

use std::time::Duration;

use serde_json::{Value, json};
use tidewater_testkit::{Server, TestDatabase};

use super::socket::Socket;

pub(super) const TODO_CHANGED: &str = "subscription { todoChanged { kind nodeId node { id text } } }";
pub(super) const NOTE_CHANGED: &str = "subscription { noteChanged { kind nodeId node { title visibility } } }";

/// Creates a todo of the holder of `token`, and returns its id.
pub(super) async fn create_todo(server: &Server, token: &str, text: &str) -> String {
    let query = "mutation($text: String!) { createTodo(input: { text: $text }) { todo { id } } }";
    let answer = server.graphql_as(token, query, json!({ "text": text })).await;
    answer["data"]["createTodo"]["todo"]["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// Creates a note of the holder of `token`, and returns its id.
pub(super) async fn create_note(server: &Server, token: &str, title: &str, visibility: &str) -> String {
    let query = "mutation($title: String!, $visibility: Visibility!) {
        createNote(input: { title: $title, body: \"\", visibility: $visibility }) { note { id } } }";
    let answer = server.graphql_as(token, query, json!({ "title": title, "visibility": visibility })).await;
    answer["data"]["createNote"]["note"]["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// Changes the text of a todo as psql would.
pub(super) async fn rename(database: &TestDatabase, from: &str, to: &str) {
    let changed = database.sql(&format!("UPDATE todo SET text = '{to}' WHERE text = '{from}'")).await;
    assert_eq!(changed, 1, "todos called {from}");
}

/// Subscribes to todos, and returns when that has begun: nothing says so, so a todo of the holder of `token` is changed until that is
/// told.
pub(super) async fn follow_todos(socket: &mut Socket, id: &str, query: &str, server: &Server, token: &str) {
    let key = create_todo(server, token, "probe").await;
    socket.subscribe(id, query, Value::Null).await;
    let mutation = "mutation($id: ID!, $text: String!) { updateTodo(input: { id: $id, text: $text }) { todo { id } } }";
    let mut round = 0;
    loop {
        round += 1;
        let changed = server.graphql_as(token, mutation, json!({ "id": key, "text": format!("probe {round}") })).await;
        assert!(changed.get("errors").is_none(), "{changed}");
        if socket.next_within(Duration::from_millis(500)).await.is_some() {
            break;
        }
    }
    // What was told last may have been told of more than one change.
    let deleted = server
        .graphql_as(token, "mutation($id: ID!) { deleteTodo(input: { id: $id }) { deletedId } }", json!({ "id": key }))
        .await;
    assert!(deleted.get("errors").is_none(), "{deleted}");
    while socket.result(id).await["data"]["todoChanged"]["kind"] != "DELETED" {}
}

/// The result that tells of a change of a todo.
pub(super) fn todo_change(kind: &str, id: &str, text: Option<&str>) -> Value {
    let node = text.map(|text| json!({ "id": id, "text": text }));
    json!({ "data": { "todoChanged": { "kind": kind, "nodeId": id, "node": node } } })
}
