//! What is told of changes, and to whom.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Value, json};
use tidewater_testkit::{Backend, on_each_backend};

use super::socket::Socket;
use super::world::{NOTE_CHANGED, TODO_CHANGED, create_note, create_todo, follow_todos, rename, todo_change};
use crate::fixture::{on_sqlite, seeded, sign_in, start_over};

on_each_backend! {
    async fn each_change_is_told_whoever_made_it(backend) {
        let (database, redis) = (seeded(backend).await, backend.redis().await);
        let server = start_over(&database, redis.as_ref()).await;
        let (token, other) = (sign_in(&server, 2).await, sign_in(&server, 3).await);
        let mut socket = Socket::connect(&server, Some(&token)).await;
        follow_todos(&mut socket, "1", TODO_CHANGED, &server, &token).await;

        create_todo(&server, &other, "not to be seen").await;
        let id = create_todo(&server, &token, "a").await;
        assert_eq!(socket.result("1").await["data"]["todoChanged"]["kind"], "CREATED");
        rename(&database, "not to be seen", "still not").await;
        rename(&database, "a", "b").await;
        assert_eq!(socket.result("1").await, todo_change("UPDATED", &id, Some("b")));
        let complete = "mutation($id: ID!) { updateTodo(input: { id: $id, completed: true }) { todo { id } } }";
        server.graphql_as(&token, complete, json!({ "id": id })).await;
        assert_eq!(socket.result("1").await, todo_change("UPDATED", &id, Some("b")));
        database.sql("DELETE FROM todo WHERE text IN ('b', 'still not')").await;
        assert_eq!(socket.result("1").await, todo_change("DELETED", &id, None));
        assert_eq!(socket.next_within(Duration::from_millis(300)).await, None);
    }

    async fn what_one_transaction_does_is_told_in_its_order(backend) {
        let (database, redis) = (seeded(backend).await, backend.redis().await);
        let server = start_over(&database, redis.as_ref()).await;
        let token = sign_in(&server, 2).await;
        let mut socket = Socket::connect(&server, Some(&token)).await;
        follow_todos(&mut socket, "1", TODO_CHANGED, &server, &token).await;
        let mut ids = Vec::new();
        for text in ["a", "b", "c"] {
            ids.push(json!(create_todo(&server, &token, text).await));
            socket.result("1").await;
        }
        let renamed = ["c", "a", "b"].map(|text| format!("UPDATE todo SET text = '{text}2' WHERE text = '{text}'"));
        database.sql(&format!("BEGIN; {}; DELETE FROM todo WHERE text = 'c2'; COMMIT", renamed.join("; "))).await;
        for (index, kind) in [(2, "UPDATED"), (0, "UPDATED"), (1, "UPDATED"), (2, "DELETED")] {
            let told = socket.result("1").await["data"]["todoChanged"].take();
            assert_eq!((&told["nodeId"], &told["kind"]), (&ids[index], &json!(kind)), "{told}");
        }
    }

    async fn one_thing_can_be_followed(backend) {
        let (database, redis) = (seeded(backend).await, backend.redis().await);
        let server = start_over(&database, redis.as_ref()).await;
        let token = sign_in(&server, 2).await;
        let (one, _) = (create_todo(&server, &token, "one").await, create_todo(&server, &token, "other").await);
        let mut socket = Socket::connect(&server, Some(&token)).await;
        follow_todos(&mut socket, "all", TODO_CHANGED, &server, &token).await;
        let query = "subscription($id: ID) { change: todoChanged(id: $id) { node { text } kind ... @include(if: true) { nodeId } } }";
        socket.subscribe("one", query, json!({ "id": one })).await;
        // Until it has begun, too.
        let mut round = 0;
        let result = loop {
            round += 1;
            rename(&database, &if round == 1 { "one".to_owned() } else { format!("one {}", round - 1) }, &format!("one {round}")).await;
            // In either order; the second, only once both have begun.
            let (first, second) = (socket.next().await, socket.next_within(Duration::from_millis(500)).await);
            if let Some(second) = second {
                break if first["id"] == "one" { first } else { second };
            }
        };
        assert_eq!(result["id"], "one", "{result}");
        let expected = json!({ "change": { "node": { "text": format!("one {round}") }, "kind": "UPDATED", "nodeId": one } });
        assert_eq!(result["payload"]["data"], expected);
        rename(&database, "other", "other 2").await;
        socket.result("all").await;
        assert_eq!(socket.next_within(Duration::from_millis(300)).await, None);
    }

    async fn what_comes_into_sight_is_created_and_what_goes_out_of_it_deleted(backend) {
        let (database, redis) = (seeded(backend).await, backend.redis().await);
        let server = start_over(&database, redis.as_ref()).await;
        let (owner, other) = (sign_in(&server, 2).await, sign_in(&server, 3).await);
        let id = create_note(&server, &owner, "a", "PRIVATE").await;
        let mut sockets = Vec::new();
        for token in [Some(owner.as_str()), Some(other.as_str()), None] {
            let mut socket = Socket::connect(&server, token).await;
            socket.subscribe("1", NOTE_CHANGED, Value::Null).await;
            sockets.push(socket);
        }
        // A public note of somebody else tells when all of them have begun.
        create_note(&server, &other, "probe 0", "PUBLIC").await;
        let (mut round, mut begun) = (0, [false; 3]);
        while begun.contains(&false) {
            round += 1;
            database.sql(&format!("UPDATE note SET title = 'probe {round}' WHERE title = 'probe {}'", round - 1)).await;
            for (socket, begun) in sockets.iter_mut().zip(&mut begun) {
                *begun |= socket.next_within(Duration::from_millis(500)).await.is_some();
            }
        }
        for visibility in ["PUBLIC", "PRIVATE"] {
            database.sql(&format!("UPDATE note SET visibility = '{visibility}' WHERE title = 'a'")).await;
            database.sql("UPDATE note SET body = body || '.' WHERE title = 'a'").await;
        }
        database.sql("DELETE FROM note WHERE title = 'a'").await;
        let end = create_note(&server, &other, "the end", "PUBLIC").await;
        let mut told = Vec::new();
        for socket in &mut sockets {
            let mut kinds = Vec::new();
            loop {
                let change = socket.result("1").await["data"]["noteChanged"].take();
                match change["nodeId"].as_str().unwrap() {
                    changed if changed == id => kinds.push(change["kind"].as_str().unwrap().to_owned()),
                    changed if changed == end => break,
                    _ => {}
                }
            }
            told.push(kinds);
        }
        assert_eq!(told[0], ["UPDATED", "UPDATED", "UPDATED", "UPDATED", "DELETED"], "the owner");
        assert_eq!(told[1], ["CREATED", "UPDATED", "DELETED"], "another user");
        assert_eq!(told[2], ["CREATED", "UPDATED", "DELETED"], "nobody");
    }

    async fn a_reminder_is_told_when_it_is_made(backend) {
        let (database, redis) = (seeded(backend).await, backend.redis().await);
        let server = start_over(&database, redis.as_ref()).await;
        let token = sign_in(&server, 2).await;
        let mut socket = Socket::connect(&server, Some(&token)).await;
        follow_todos(&mut socket, "todos", TODO_CHANGED, &server, &token).await;
        socket.send(json!({ "id": "todos", "type": "complete" })).await;
        let query = "subscription { notifications { kind nodeId node { kind text readAt todo { text } } } }";
        socket.subscribe("1", query, Value::Null).await;
        let remind = "mutation { createTodo(input: { text: \"think\", remindAt: \"2020-01-01T00:00:00Z\" }) { todo { id } } }";
        // Until it has begun, too.
        let notification = loop {
            server.graphql_as(&token, remind, Value::Null).await;
            if let Some(message) = socket.next_within(Duration::from_secs(3)).await {
                break message["payload"]["data"]["notifications"].clone();
            }
        };
        assert_eq!(notification["kind"], "CREATED");
        assert_eq!(notification["node"]["todo"]["text"], "think", "{notification}");
        let read = "mutation($id: ID!) { markRead(input: { ids: [$id] }) { notifications { id } } }";
        let answer = server.graphql_as(&token, read, json!({ "id": notification["nodeId"] })).await;
        assert!(answer.get("errors").is_none(), "{answer}");
        let told = socket.result("1").await["data"]["notifications"].take();
        assert_eq!((&told["kind"], &told["nodeId"]), (&json!("UPDATED"), &notification["nodeId"]));
        assert!(told["node"]["readAt"].is_string(), "as it is now: {told}");
    }

    async fn servers_tell_of_each_others_changes_once(backend) {
        let (database, redis) = (seeded(backend).await, backend.redis().await);
        let here = start_over(&database, redis.as_ref()).await;
        let there = start_over(&database, redis.as_ref()).await;
        let token = sign_in(&here, 2).await;
        let (mut one, mut other) = (Socket::connect(&here, Some(&token)).await, Socket::connect(&there, Some(&token)).await);
        follow_todos(&mut one, "1", TODO_CHANGED, &here, &token).await;
        other.subscribe("1", TODO_CHANGED, Value::Null).await;
        // Both have begun when both tell of the same.
        let id = create_todo(&here, &token, "0").await;
        let mut round = 0;
        let first = loop {
            round += 1;
            rename(&database, &(round - 1).to_string(), &round.to_string()).await;
            if let Some(mut message) = other.next_within(Duration::from_millis(500)).await {
                break json!({ "data": message["payload"]["data"].take() });
            }
        };
        let last = todo_change("UPDATED", &id, Some(&round.to_string()));
        while one.result("1").await != last {}
        assert!(first == last || first["data"]["todoChanged"]["kind"] == "CREATED" && other.result("1").await == last);
        for (server, number) in [(&here, 1), (&there, 2), (&here, 3), (&there, 4)] {
            create_todo(server, &token, &format!("todo {number}")).await;
        }
        for socket in [&mut one, &mut other] {
            for number in 1..=4 {
                let told = socket.result("1").await["data"]["todoChanged"].take();
                assert_eq!((&told["kind"], &told["node"]["text"]), (&json!("CREATED"), &json!(format!("todo {number}"))));
            }
            assert_eq!(socket.next_within(Duration::from_millis(300)).await, None);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_writers_changes_are_told_once_and_in_order() {
    const WRITERS: usize = 6;
    const ROUNDS: usize = 30;
    let database = seeded(Backend::Postgres).await;
    let server = start_over(&database, None).await;
    let token = sign_in(&server, 2).await;
    for row in 0..3 {
        create_todo(&server, &token, &format!("row {row}: 0")).await;
    }
    let mut socket = Socket::connect(&server, Some(&token)).await;
    follow_todos(&mut socket, "1", TODO_CHANGED, &server, &token).await;

    // Each transaction takes a number of its own first, so that ids of transactions do not follow the order of commits, and then
    // changes one row or all of them.
    let write = |writer: usize| {
        let database = &database;
        async move {
            for round in 0..ROUNDS {
                let rows = if round % 3 == 0 { "row %".to_owned() } else { format!("row {}: %", (writer + round) % 3) };
                let update = format!(
                    "BEGIN; SELECT pg_current_xact_id(); SELECT pg_sleep(random() / 200);
                     SELECT id FROM todo WHERE text LIKE '{rows}' ORDER BY id FOR UPDATE;
                     UPDATE todo SET text = split_part(text, ': ', 1) || ': ' || (split_part(text, ': ', 2)::int + 1)
                        WHERE text LIKE '{rows}'; COMMIT"
                );
                database.sql(&update).await;
            }
        }
    };
    futures::future::join_all((0..WRITERS).map(write)).await;
    let answer = server.graphql_as(&token, "{ todos(first: 100) { nodes { id text } } }", Value::Null).await;
    let nodes = answer["data"]["todos"]["nodes"].as_array().unwrap().clone();
    let written: HashMap<String, usize> = nodes
        .iter()
        .filter_map(|node| {
            let (row, count) = node["text"].as_str().unwrap().split_once(": ")?;
            row.starts_with("row").then(|| (node["id"].as_str().unwrap().to_owned(), count.parse().unwrap()))
        })
        .collect();
    let total: usize = written.values().sum();
    assert!(total > WRITERS * ROUNDS, "{total}");
    let (mut told, mut seen): (HashMap<String, usize>, HashMap<String, usize>) = (HashMap::new(), HashMap::new());
    for _ in 0..total {
        let change = socket.result("1").await["data"]["todoChanged"].take();
        assert_eq!(change["kind"], "UPDATED");
        let id = change["nodeId"].as_str().unwrap().to_owned();
        let count: usize = change["node"]["text"].as_str().unwrap().split_once(": ").unwrap().1.parse().unwrap();
        let number = told.entry(id.clone()).or_default();
        *number += 1;
        // Never from before the change that is told of, and never from before what was shown.
        assert!(count >= *number, "{id}: {count} at change {number}");
        assert!(count >= std::mem::replace(seen.entry(id).or_default(), count));
    }
    assert_eq!(told, written);
    assert_eq!(socket.next_within(Duration::from_millis(300)).await, None);
}

#[tokio::test]
async fn a_change_of_unknown_rows_ends_the_subscription() {
    let database = seeded(Backend::Postgres).await;
    let server = start_over(&database, None).await;
    let token = sign_in(&server, 2).await;
    let mut socket = Socket::connect(&server, Some(&token)).await;
    follow_todos(&mut socket, "1", TODO_CHANGED, &server, &token).await;
    socket.subscribe("2", NOTE_CHANGED, Value::Null).await;
    database.sql("TRUNCATE todo CASCADE").await;
    loop {
        let message = socket.next().await;
        if message["type"] == "error" {
            assert_eq!(message["payload"][0]["extensions"]["code"], "INTERRUPTED", "{message}");
            assert_eq!(message["id"], "1");
            break;
        }
    }
    assert_eq!(
        socket.answer("1", "{ __typename }", Value::Null).await["data"]["__typename"],
        "Query",
        "the rest goes on"
    );
}

#[tokio::test]
async fn upserts_and_replacements_in_sqlite_are_told_as_what_they_do() {
    let (database, server) = on_sqlite(&[]).await;
    let token = sign_in(&server, 2).await;
    let mut socket = Socket::connect(&server, Some(&token)).await;
    let id = create_todo(&server, &token, "a").await;
    follow_todos(&mut socket, "1", TODO_CHANGED, &server, &token).await;
    let row = "SELECT * FROM todo WHERE text = 'a'";
    let insert = format!("CREATE TEMP TABLE copy AS {row}; INSERT INTO todo SELECT * FROM copy WHERE true");
    database.sql(&format!("{insert} ON CONFLICT DO UPDATE SET text = 'b'")).await;
    assert_eq!(socket.result("1").await, todo_change("UPDATED", &id, Some("b")));
    rename(&database, "b", "a").await;
    assert_eq!(socket.result("1").await, todo_change("UPDATED", &id, Some("a")));
    // Changes nothing.
    database.sql(&format!("{insert} ON CONFLICT DO NOTHING")).await;
    // Seen apart from what comes next.
    server.graphql_as(&token, "{ viewer { name } }", Value::Null).await;
    let replace = insert.replace("INSERT", "INSERT OR REPLACE");
    database.sql(&format!("{replace}; UPDATE todo SET text = 'c' WHERE text = 'a'")).await;
    assert_eq!(socket.result("1").await["data"]["todoChanged"]["kind"], "UPDATED", "replaced");
    assert_eq!(socket.result("1").await, todo_change("UPDATED", &id, Some("c")));
    database.sql("DELETE FROM todo WHERE text = 'c'").await;
    assert_eq!(socket.result("1").await, todo_change("DELETED", &id, None));
}
