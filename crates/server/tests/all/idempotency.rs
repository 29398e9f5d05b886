//! Mutations that are sent again because nobody knows what became of the first.

use sea_orm::{ConnectionTrait, Statement, TransactionTrait};
use serde_json::{Value, json};
use tidewater_testkit::{Answer, Backend, Server, TestDatabase, on_each_backend};

use crate::fixture::{binary, eventually, seeded, sign_in, wait_for_blocked};

const CREATE: &str = "mutation($input: CreateTodoInput!) { createTodo(input: $input) { todo { id text } } }";
const UPDATE: &str = "mutation($input: UpdateTodoInput!) { updateTodo(input: $input) { todo { text updatedAt } } }";
const HELD: &str = "write_committed=return(600000)";

async fn serve(database: &TestDatabase, settings: &[(&str, &str)]) -> Server {
    Server::start(binary(), &["serve"], &[&[("DATABASE_URL", database.url())], settings].concat()).await
}

async fn send(server: &Server, token: &str, key: &str, query: &str, input: &Value) -> Answer {
    let authorization = format!("Bearer {token}");
    let headers = [("authorization", authorization.as_str()), ("idempotency-key", key)];
    server.ask(&headers, &json!({ "query": query, "variables": { "input": input } })).await
}

fn is_replayed(answer: &Answer) -> bool {
    answer.headers.get("idempotency-replayed").is_some_and(|value| value == "true")
}

async fn count(database: &TestDatabase, table: &str) -> i64 {
    let connection = database.connect().await;
    let query = format!("SELECT count(*) AS number FROM {table}");
    let row = connection.query_one_raw(Statement::from_string(connection.get_database_backend(), query)).await;
    row.unwrap().unwrap().try_get("", "number").unwrap()
}

on_each_backend! {
    async fn the_header_names_the_mutation(backend) {
        let database = seeded(backend).await;
        let server = serve(&database, &[]).await;
        let token = sign_in(&server, 2).await;
        let before = count(&database, "todo").await;
        let input = json!({ "text": "milk" });
        let first = send(&server, &token, "\"8e03978e\"", CREATE, &input).await;
        assert!(first.body["data"]["createTodo"]["todo"]["id"].is_string() && !is_replayed(&first), "{}", first.body);
        let again = send(&server, &token, "8e03978e", CREATE, &input).await;
        assert_eq!((&again.body["data"], is_replayed(&again)), (&first.body["data"], true));
        assert_eq!(count(&database, "todo").await, before + 1);
        let other = send(&server, &token, "8e03978e", CREATE, &json!({ "text": "bread" })).await;
        assert_eq!(other.body["errors"][0]["extensions"]["code"], "CONFLICT");

        for bad in ["", "two words", "\"open", &"k".repeat(256)] {
            let answer = send(&server, &token, bad, CREATE, &input).await;
            assert_eq!((answer.status.as_u16(), &answer.body["errors"][0]["extensions"]["code"]), (400, &json!("BAD_USER_INPUT")));
        }
        assert_eq!(count(&database, "todo").await, before + 1);
        let headers = [("idempotency-key", "two words")];
        let read = server.ask(&headers, &json!({ "query": "{ viewer { id } }" })).await;
        assert_eq!((read.status.as_u16(), read.body.get("errors")), (200, None), "reading needs no key");
    }

    async fn an_answer_that_was_lost_in_a_crash_is_given_by_the_next_server(backend) {
        let database = seeded(backend).await;
        // One file is for one server at a time that changes it; whoever signs in is not held.
        let mut server = serve(&database, &[]).await;
        let token = sign_in(&server, 2).await;
        server.terminate().await;
        server.start_again_with(&[("FAILPOINTS", HELD)]).await;
        let before = count(&database, "todo").await;
        let input = json!({ "text": "milk" });
        let lost = send(&server, &token, "one", CREATE, &input);
        tokio::select! {
            answer = lost => panic!("{}", answer.body),
            () = eventually("it is committed", async || count(&database, "idempotency_record").await == 1) => {}
        }
        server.kill().await;
        server.start_again_with(&[("FAILPOINTS", "")]).await;
        let answer = send(&server, &token, "one", CREATE, &input).await;
        assert_eq!((&answer.body["data"]["createTodo"]["todo"]["text"], is_replayed(&answer)), (&json!("milk"), true));
        assert_eq!(count(&database, "todo").await, before + 1);
    }

    async fn a_key_is_free_again_after_its_time(backend) {
        let database = seeded(backend).await;
        let server = serve(&database, &[("TIDEWATER_IDEMPOTENCY_RETENTION", "1s")]).await;
        let token = sign_in(&server, 2).await;
        let input = json!({ "text": "milk" });
        assert!(!is_replayed(&send(&server, &token, "one", CREATE, &input).await));
        eventually("it is done anew", async || {
            !is_replayed(&send(&server, &token, "one", CREATE, &input).await)
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_that_are_sent_the_same_at_once_do_it_once() {
    let database = seeded(Backend::Postgres).await;
    let servers = [serve(&database, &[]).await, serve(&database, &[]).await];
    let token = sign_in(&servers[0], 2).await;
    let created = send(&servers[0], &token, "todo", CREATE, &json!({ "text": "milk" })).await;
    let id = &created.body["data"]["createTodo"]["todo"]["id"];
    let input = json!({ "id": id, "text": "bread" });

    let connection = database.connect().await;
    let holder = connection.begin().await.unwrap();
    holder.execute_unprepared("SELECT 1 FROM todo FOR UPDATE").await.unwrap();
    let release = async {
        // One waits for the todo, the other for the one.
        wait_for_blocked(&database.connect().await, 2).await;
        holder.commit().await.unwrap();
    };
    let sent = |server: usize| send(&servers[server], &token, "one", UPDATE, &input);
    let (one, other, ()) = tokio::join!(sent(0), sent(1), release);
    assert_eq!(one.body["data"]["updateTodo"]["todo"]["text"], "bread");
    assert_eq!(one.body["data"], other.body["data"]);
    assert!(is_replayed(&one) != is_replayed(&other));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_took_too_long_is_given_by_another_server() {
    let database = seeded(Backend::Postgres).await;
    let settings = [("FAILPOINTS", HELD), ("TIDEWATER_REQUEST_TIMEOUT", "1s")];
    let (held, server) = (serve(&database, &settings).await, serve(&database, &[]).await);
    let token = sign_in(&server, 2).await;
    let before = count(&database, "todo").await;
    let input = json!({ "text": "milk" });
    let lost = send(&held, &token, "one", CREATE, &input).await;
    assert_eq!(lost.body["errors"][0]["extensions"]["code"], "TIMEOUT");
    // On a slow machine, it may not have been begun; then this is the first.
    let answer = send(&server, &token, "one", CREATE, &input).await;
    assert_eq!(answer.body["data"]["createTodo"]["todo"]["text"], "milk");
    let again = send(&held, &token, "one", CREATE, &input).await;
    assert!(is_replayed(&again) || again.status.as_u16() == 504);
    assert_eq!(count(&database, "todo").await, before + 1);
}
