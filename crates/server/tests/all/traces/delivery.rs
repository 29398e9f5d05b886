//! What becomes of spans when the collector is not there, and when the server ends.

use std::time::Duration;

use axum::Router;
use axum::response::Redirect;
use serde_json::{Value, json};
use tidewater_testkit::{Backend, Collector, Manner, Server, unused_port};
use tokio::time::Instant;

use super::world::{Caller, World};
use crate::fixture::{binary, seeded};

const TODOS: &str = "query Todos { viewer { todos(first: 3) { nodes { text } } } }";

/// What a request may take while nothing is wrong but the collector, in a debug build on a busy machine. A delivery takes up to ten
/// seconds.
const SOON: Duration = Duration::from_secs(5);

impl World {
    /// Asks so often, and checks that each is answered soon.
    async fn is_unaffected(&self, requests: usize) {
        for number in 0..requests {
            let begun = Instant::now();
            let text = format!("query Todos{number} {{ viewer {{ todos(first: 3) {{ nodes {{ text }} }} }} }}");
            self.ask(&Caller::new(), &text, Value::Null).await;
            assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
        }
    }
}

/// The number that a log line tells of `field`.
fn number(line: &str, field: &str) -> u64 {
    let (_, rest) = line.split_once(&format!("{field}=")).unwrap_or_else(|| panic!("{line}"));
    rest.split(|character: char| !character.is_ascii_digit()).next().unwrap().parse().unwrap()
}

fn line<'a>(log: &'a str, text: &str) -> &'a str {
    let found: Vec<_> = log.lines().filter(|line| line.contains(text)).collect();
    assert_eq!(found.len(), 1, "{text}: {log}");
    found[0]
}

#[tokio::test]
async fn what_is_traced_last_is_sent_when_the_server_ends() {
    let mut world = World::new(Backend::Sqlite, &[]).await;
    let caller = Caller::new();
    world.ask(&caller, TODOS, Value::Null).await;
    let (code, log) = world.server.terminate().await;
    assert_eq!(code, 0);
    let told = world.collector.spans();
    assert!(told.iter().any(|span| span.trace == caller.trace && span.name == "query Todos"), "{told:#?}");
    let line = line(&log, "what was traced");
    assert_eq!(number(line, "delivered"), told.len() as u64);
    assert_eq!((number(line, "dropped"), number(line, "undelivered")), (0, 0));
}

#[tokio::test]
async fn each_delivery_has_the_headers_that_are_set_and_a_flag_wins() {
    let (database, collector) = (seeded(Backend::Sqlite).await, Collector::start().await);
    let environment = [
        ("DATABASE_URL", database.url()),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url()),
        ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=of%20the%20environment"),
    ];
    let arguments = ["serve", "--otlp-headers", "api-key=of%20the%20flag"];
    let mut server = Server::start(binary(), &arguments, &environment).await;
    server.graphql("{ __typename }", Value::Null).await;
    server.terminate().await;
    let headers = collector.headers();
    assert!(!headers.is_empty());
    assert!(headers.iter().all(|headers| headers["api-key"] == "of the flag"), "{headers:?}");
}

#[tokio::test]
async fn a_collector_that_is_not_there_harms_nobody() {
    let nobody = format!("http://127.0.0.1:{}", unused_port());
    let mut world = World::new(Backend::Sqlite, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &nobody)]).await;
    world.is_unaffected(20).await;
    world.server.logged("traces cannot be delivered").await;
    world.is_unaffected(20).await;
    let (code, log) = world.server.terminate().await;
    assert_eq!(code, 0);
    line(&log, "traces cannot be delivered");
    assert!(number(line(&log, "what was traced"), "dropped") > 0, "{log}");
}

#[tokio::test]
async fn nothing_is_sent_to_where_a_collector_leads() {
    let elsewhere = tidewater_testkit::Collector::start().await;
    let address = format!("{}/v1/traces", elsewhere.url());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let leading = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(move || async move { Redirect::temporary(&address) });
    tokio::spawn(async { axum::serve(listener, router).await });
    let world = World::new(Backend::Sqlite, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &leading)]).await;
    world.is_unaffected(1).await;
    world.server.logged("traces cannot be delivered").await;
    assert_eq!(elsewhere.deliveries(), 0);
}

#[tokio::test]
async fn a_collector_that_refuses_is_told_of_once_and_used_again_when_it_does_not() {
    let mut world = World::new(Backend::Sqlite, &[]).await;
    world.collector.behave(Manner::Refuses(500));
    world.is_unaffected(5).await;
    world.server.logged("traces cannot be delivered").await;
    let deliveries = world.collector.deliveries();
    while world.collector.deliveries() < deliveries + 2 {
        world.is_unaffected(1).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    world.collector.behave(Manner::Takes);
    let caller = Caller::new();
    world.ask(&caller, TODOS, Value::Null).await;
    world.trace(&caller).await;
    world.server.logged("traces are delivered again").await;
    let (_, log) = world.server.terminate().await;
    line(&log, "traces cannot be delivered");
    let told = line(&log, "what was traced");
    assert!(number(told, "dropped") > 0 && number(told, "delivered") > 0, "{told}");
}

#[tokio::test]
async fn a_collector_that_does_not_answer_neither_slows_answers_nor_the_end() {
    let mut world = World::new(Backend::Sqlite, &[]).await;
    world.collector.behave(Manner::Hangs);
    world.is_unaffected(20).await;
    let deliveries = world.collector.deliveries();
    assert!(deliveries <= 2, "one delivery at a time is not {deliveries}");
    let begun = Instant::now();
    let (code, log) = world.server.terminate().await;
    assert_eq!(code, 0);
    assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
    assert!(number(line(&log, "what was traced"), "undelivered") > 0, "{log}");
}

#[tokio::test]
async fn what_has_no_room_is_dropped_and_counted() {
    let mut world =
        World::new(Backend::Sqlite, &[("TIDEWATER_MAX_BATCH", "1000"), ("TIDEWATER_REQUEST_RATE", "0")]).await;
    world.collector.behave(Manner::Hangs);
    let body: Vec<_> =
        (0..1_000).map(|number| json!({ "query": format!("query Q{number} {{ __typename }}") })).collect();
    for _ in 0..12 {
        let response = world.server.post_raw(&[("content-type", "application/json")], json!(body).to_string()).await;
        assert_eq!(response.status(), 200);
    }
    let (_, log) = world.server.terminate().await;
    let told = line(&log, "what was traced");
    assert!(number(told, "dropped") > 0 && number(told, "undelivered") <= 8_192, "{told}");
}
