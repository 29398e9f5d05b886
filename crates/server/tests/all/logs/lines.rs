//! Log records as JSON, and what they belong to.

use serde_json::{Value, json};
use tidewater_testkit::{Backend, Collector, Server};

use crate::fixture::{binary, on_sqlite, seeded, sign_in};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0";

fn record(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

#[tokio::test]
async fn each_line_is_an_object_and_those_of_a_request_have_its_id() {
    let (_database, mut server) = on_sqlite(&["--log-format", "json", "--log-level", "debug"]).await;
    sign_in(&server, 1).await;
    server.ask(&[("x-request-id", "mine")], &json!({ "query": "{ __typename }" })).await;
    let answered = record(&server.logged("mine").await);
    assert_eq!((&answered["request_id"], &answered["message"]), (&json!("mine"), &json!("answered")));
    assert_eq!((&answered["path"], &answered["status"]), (&json!("/graphql"), &json!(200)));
    assert_eq!((&answered["trace_id"], &answered["span_id"]), (&Value::Null, &Value::Null));
    for line in server.terminate().await.1.lines() {
        let record = record(line);
        for name in ["timestamp", "level", "target", "message"] {
            assert!(record[name].is_string(), "{name}: {line}");
        }
    }
}

#[tokio::test]
async fn the_lines_of_a_request_have_its_place_in_its_trace() {
    let (database, collector) = (seeded(Backend::Sqlite).await, Collector::start().await);
    let environment = [
        ("DATABASE_URL", database.url()),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url()),
        ("TIDEWATER_LOG_FORMAT", "json"),
    ];
    let server = Server::start(binary(), &["serve"], &environment).await;
    let query = json!({ "query": "{ __typename }" });
    server.ask(&[("x-request-id", "traced"), ("traceparent", &format!("{PARENT}1"))], &query).await;
    server.ask(&[("x-request-id", "untraced"), ("traceparent", &format!("{PARENT}0"))], &query).await;
    let span = collector.wait_for("span", |span| span.name == "POST /graphql").await;
    let traced = record(&server.logged("\"traced\"").await);
    assert_eq!((&traced["trace_id"], &traced["span_id"]), (&json!(span.trace), &json!(span.id)));
    // Whoever looks through the caller's trace finds them.
    let untraced = record(&server.logged("\"untraced\"").await);
    assert_eq!((&untraced["trace_id"], &untraced["span_id"]), (&json!(span.trace), &Value::Null));
}

#[tokio::test]
async fn lines_for_people_have_them_too() {
    let (database, collector) = (seeded(Backend::Sqlite).await, Collector::start().await);
    let environment = [("DATABASE_URL", database.url()), ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url())];
    let server = Server::start(binary(), &["serve"], &environment).await;
    let headers = [("x-request-id", "mine"), ("traceparent", &format!("{PARENT}1"))];
    server.ask(&headers, &json!({ "query": "{ __typename }" })).await;
    let span = collector.wait_for("span", |span| span.name == "POST /graphql").await;
    let line = server.logged("mine").await;
    assert!(line.contains(&span.trace) && line.contains(&span.id), "{line}");
}
