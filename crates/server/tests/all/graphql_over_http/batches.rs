//! Several requests in one.

use serde_json::{Value, json};
use tidewater_testkit::Server;

use super::{JSON, code};
use crate::fixture::{credentials, on_sqlite, sign_in};

const SIGN_IN: &str = "mutation($input: SignInInput!) { signIn(input: $input) { token } }";

async fn ask_all(server: &Server, requests: &Value) -> Vec<Value> {
    let response = server.post_raw(&[JSON], requests.to_string()).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json; charset=utf-8");
    response.json().await.unwrap()
}

#[tokio::test]
async fn they_are_refused_unless_asked_for() {
    let (_database, server) = on_sqlite(&[]).await;
    for body in [r#"[{"query": "{ __typename }"}]"#, "[]", " [", "[1"] {
        let response = server.post_raw(&[JSON], body).await;
        assert_eq!(response.status(), 400, "{body}");
        let answer: Value = response.json().await.unwrap();
        let message = answer["errors"][0]["message"].as_str().unwrap();
        assert_eq!(message, "the request body is an array; this server takes one request at a time");
    }
}

#[tokio::test]
async fn each_request_is_answered_in_its_place() {
    let (_database, server) = on_sqlite(&["--max-batch", "5"]).await;
    let requests = json!([
        { "query": "{ __typename }" },
        { "query": "{" },
        7,
        { "query": "mutation A { __typename } query B { a: __typename }", "operationName": "B" },
        { "query": SIGN_IN, "variables": credentials(2) },
    ]);
    let response = server.post_raw(&[JSON], requests.to_string()).await;
    assert!(response.headers()["set-cookie"].to_str().unwrap().starts_with("tidewater_session="));
    assert!(response.headers().contains_key("tidewater-mark"));
    let answers: Vec<Value> = response.json().await.unwrap();
    assert_eq!(answers.len(), 5);
    assert_eq!(answers[0]["data"], json!({ "__typename": "Query" }));
    assert_eq!(answers[1]["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    assert_eq!(answers[2]["errors"][0]["message"], "the request body is not a JSON object");
    assert_eq!(answers[3]["data"], json!({ "a": "Query" }));
    assert!(answers[4]["data"]["signIn"]["token"].is_string(), "{}", answers[4]);
}

#[tokio::test]
async fn they_are_bounded() {
    let (_database, server) = on_sqlite(&["--max-batch", "2"]).await;
    let request = json!({ "query": "{ __typename }" });
    assert_eq!(ask_all(&server, &json!([request, request])).await.len(), 2);
    for (requests, said) in [(json!([request, request, request]), 3), (json!(vec![0; 100_000]), 100_000)] {
        let response = server.post_raw(&[JSON], requests.to_string()).await;
        assert_eq!(response.status(), 400);
        let answer: Value = response.json().await.unwrap();
        let expected = format!("the request body has {said} requests; this server takes 2 at a time");
        assert_eq!(answer["errors"][0]["message"], expected);
    }
    let key = ("idempotency-key", "one");
    let response = server.post_raw(&[JSON, key], json!([request]).to_string()).await;
    assert_eq!(response.status(), 400, "a key goes with one request");
    let response = server.post_raw(&[JSON], "[]").await;
    assert_eq!(response.status(), 400);
    assert_eq!(code(response).await, "BAD_USER_INPUT");
}

#[tokio::test]
async fn each_request_counts_by_the_limits_of_rates() {
    let (_database, server) = on_sqlite(&["--max-batch", "10", "--request-rate", "4/h", "--sign-in-rate", "2/h"]).await;
    let requests: Vec<Value> = (0..3).map(|_| json!({ "query": SIGN_IN, "variables": credentials(2) })).collect();
    let answers = ask_all(&server, &Value::from(requests)).await;
    assert!(answers[1]["data"]["signIn"]["token"].is_string(), "{}", answers[1]);
    assert_eq!(answers[2]["errors"][0]["extensions"]["code"], "RATE_LIMITED", "{}", answers[2]);
    let requests: Vec<Value> = (0..3).map(|_| json!({ "query": "{ __typename }" })).collect();
    let answers = ask_all(&server, &Value::from(requests)).await;
    let codes: Vec<_> = answers.iter().map(|answer| answer["errors"][0]["extensions"]["code"].as_str()).collect();
    assert_eq!(codes, [None, Some("RATE_LIMITED"), Some("RATE_LIMITED")]);
}

#[tokio::test]
async fn they_share_what_is_remembered_with_single_requests() {
    let (_database, server) = on_sqlite(&["--max-batch", "2"]).await;
    let bearer = format!("Bearer {}", sign_in(&server, 2).await);
    let request = json!({ "query": "{ todos { nodes { text } } }" }).to_string();
    let headers = [JSON, ("authorization", bearer.as_str())];
    let answers: Vec<Value> = server.post_raw(&headers, format!("[{request}]")).await.json().await.unwrap();
    let single = server.post_raw(&headers, request).await;
    assert_eq!(single.headers()["cache-status"], "Tidewater; hit; detail=\"response\"");
    assert_eq!(single.json::<Value>().await.unwrap()["data"], answers[0]["data"]);
}
