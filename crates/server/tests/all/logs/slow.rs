//! The log of slow operations.

use std::time::Duration;

use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::{Value, json};
use tidewater_graphql::id;
use tidewater_testkit::{Backend, Server, TestDatabase};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::fixture::{binary, seeded, sign_in, wait_for_blocked};
use crate::subscriptions::socket::Socket;

const SLOW: &str = "query Slow { viewer { todos(first: 3) { totalCount nodes { text } } } }";

async fn start(database: &TestDatabase, environment: &[(&str, &str)]) -> Server {
    let all = [&[("DATABASE_URL", database.url()), ("TIDEWATER_LOG_FORMAT", "json")], environment].concat();
    Server::start(binary(), &["serve"], &all).await
}

/// The lines that tell of slow operations.
fn told(log: &str) -> Vec<Value> {
    let records = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    records.filter(|record| record["message"] == "slow operation").collect()
}

/// Does `work` while nobody can read todos, and lets it go on after `held`.
async fn held_up<T>(database: &TestDatabase, held: Duration, work: impl Future<Output = T>) -> T {
    let connection = database.connect().await;
    let lock = connection.begin().await.unwrap();
    lock.execute_unprepared("LOCK TABLE todo IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let watching = database.connect().await;
    let release = async {
        wait_for_blocked(&watching, 1).await;
        sleep(held).await;
        lock.rollback().await.unwrap();
    };
    tokio::join!(work, release).0
}

#[tokio::test]
async fn an_operation_that_a_lock_made_slow_is_told_with_why() {
    let database = seeded(Backend::Postgres).await;
    let server = start(&database, &[("TIDEWATER_SLOW_OPERATION", "300ms")]).await;
    let token = sign_in(&server, 1).await;
    let authorization = format!("Bearer {token}");
    let headers = [("authorization", authorization.as_str()), ("x-request-id", "held")];
    let request = json!({ "query": SLOW });
    let asking = server.ask(&headers, &request);
    let answer = held_up(&database, Duration::from_millis(500), asking).await;
    assert!(answer.body.get("errors").is_none(), "{}", answer.body);

    // To sign in may have been slow, too.
    let line: Value = serde_json::from_str(&server.logged("\"Slow\"").await).unwrap();
    assert_eq!(line["message"], "slow operation");
    assert_eq!((&line["kind"], &line["outcome"]), (&json!("query"), &json!("complete")));
    assert_eq!((&line["level"], &line["request_id"]), (&json!("WARN"), &json!("held")));
    assert_eq!(line["document"].as_str().unwrap().len(), 64);
    let time = |name: &str| line[name].as_f64().unwrap_or_else(|| panic!("{name}: {line}"));
    assert!(time("duration_ms") >= 500.0 && time("database_ms") >= 500.0 && time("redis_ms") == 0.0, "{line}");
    assert!(line["misses"].as_str().unwrap().contains("never_filled="), "{line}");

    let explain: Value = serde_json::from_str(line["explain"].as_str().unwrap()).unwrap();
    assert_eq!(explain["servedBy"], "EXECUTION");
    let reads = explain["reads"].as_array().unwrap();
    let list = reads.iter().find(|read| read["space"] == "todo.list").unwrap_or_else(|| panic!("{explain}"));
    assert_eq!((&list["servedBy"], &list["missed"]["reason"]), (&json!("DATABASE"), &json!("NEVER_FILLED")));
    let load = &explain["loads"][list["load"].as_u64().unwrap() as usize];
    assert!(load["milliseconds"].as_f64().unwrap() > 0.0);
    // Nobody asked to be told.
    assert_eq!(answer.body["extensions"]["tidewater"].get("explain"), None);
}

#[tokio::test]
async fn of_many_reads_the_first_are_told_and_of_what_is_remembered_that_it_is() {
    let database = seeded(Backend::Sqlite).await;
    let server = start(&database, &[("TIDEWATER_SLOW_OPERATION", "1us")]).await;
    let ids: Vec<_> = (0..60).map(|number| id::encode("todo", Uuid::from_u128(number))).collect();
    let many = "query Many($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    server.graphql(many, json!({ "ids": ids })).await;
    let line: Value = serde_json::from_str(&server.logged("\"Many\"").await).unwrap();
    let explain: Value = serde_json::from_str(line["explain"].as_str().unwrap()).unwrap();
    assert_eq!((explain["reads"].as_array().unwrap().len(), &explain["omittedReads"]), (50, &json!(10)));
    // It waits for a poll, too.
    server.graphql(many, json!({ "ids": ids })).await;
    let line: Value = serde_json::from_str(&server.logged("\"remembered\"").await).unwrap();
    assert_eq!((&line["operation"], &line["message"]), (&json!("Many"), &json!("slow operation")));
}

#[tokio::test]
async fn of_a_long_name_the_beginning_is_told() {
    let database = seeded(Backend::Sqlite).await;
    let server = start(&database, &[("TIDEWATER_SLOW_OPERATION", "1us")]).await;
    for (letter, length) in [("A", 64), ("B", 65), ("C", 255)] {
        let name = letter.repeat(length);
        server.graphql(&format!("query {name} {{ viewer {{ id }} }}"), Value::Null).await;
        let line: Value = serde_json::from_str(&server.logged(&letter.repeat(64)).await).unwrap();
        assert_eq!(line["message"], "slow operation");
        assert_eq!(line["operation"], letter.repeat(64), "of {length}");
    }
}

#[tokio::test]
async fn what_is_cut_off_is_told_too_and_so_is_what_comes_over_a_websocket() {
    let database = seeded(Backend::Postgres).await;
    let environment = [("TIDEWATER_SLOW_OPERATION", "300ms"), ("TIDEWATER_REQUEST_TIMEOUT", "1s")];
    let server = start(&database, &environment).await;
    let token = sign_in(&server, 1).await;
    let asking = server.graphql_as(&token, SLOW, Value::Null);
    let answer = held_up(&database, Duration::from_millis(1_500), asking).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "TIMEOUT");
    let line: Value = serde_json::from_str(&server.logged("given up").await).unwrap();
    assert_eq!((&line["message"], &line["operation"]), (&json!("slow operation"), &json!("Slow")));

    let mut socket = Socket::connect(&server, Some(&token)).await;
    let query = SLOW.replace("Slow", "Socket");
    held_up(&database, Duration::from_millis(500), socket.answer("1", &query, Value::Null)).await;
    let line = server.logged("\"Socket\"").await;
    assert!(line.contains("slow operation") && line.contains("request_id"), "{line}");
}

#[tokio::test]
async fn a_burst_is_told_of_in_part_and_counted() {
    const BURST: usize = 40;
    let database = seeded(Backend::Sqlite).await;
    // Everything is slow.
    let server = start(&database, &[("TIDEWATER_SLOW_OPERATION", "1us"), ("TIDEWATER_REQUEST_RATE", "0")]).await;
    let begun = Instant::now();
    let asking = (0..BURST).map(|number| server.graphql("{ __typename }", json!({ "number": number })));
    futures::future::join_all(asking).await;
    let seconds = begun.elapsed().as_secs() as usize + 1;
    let more: Value = serde_json::from_str(&server.logged("more operations were slow").await).unwrap();
    let told = told(&server.log()).len();
    assert!((1..=5 * (seconds + 1)).contains(&told), "{told} in {seconds} s");
    assert!(more["omitted"].as_u64().unwrap() as usize >= BURST.saturating_sub(5 * (seconds + 1)), "{more}");
}

#[tokio::test]
async fn what_is_quick_is_not_told_and_nothing_is_where_nothing_is_slow() {
    let database = seeded(Backend::Sqlite).await;
    let quick = start(&database, &[("TIDEWATER_SLOW_OPERATION", "1min")]).await;
    let off = start(&database, &[]).await;
    for server in [quick, off] {
        let mut server = server;
        let token = sign_in(&server, 1).await;
        // The second time, it is remembered.
        for _ in 0..2 {
            server.graphql_as(&token, SLOW, Value::Null).await;
        }
        let (_, log) = server.terminate().await;
        assert!(told(&log).is_empty(), "{log}");
    }
}
