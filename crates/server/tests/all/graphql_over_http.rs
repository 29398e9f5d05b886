//! GraphQL over HTTP.

mod audits;
mod batches;
mod media_types;
mod validators;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tidewater_testkit::Server;

use crate::fixture::{credentials, on_sqlite, sign_in};

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn get_answers_queries() {
    let (_database, server) = on_sqlite(&[]).await;
    let response = get(
        &server,
        &[
            ("query", "query A { __typename } query B($ids: [ID!]!) { nodes(ids: $ids) { id } }"),
            ("operationName", "B"),
            ("variables", r#"{"ids": []}"#),
        ],
    )
    .await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["cache-control"], "private, no-cache");
    assert_eq!(response.json::<Value>().await.unwrap()["data"], json!({ "nodes": [] }));
}

#[tokio::test]
async fn get_never_changes_anything() {
    let (_database, server) = on_sqlite(&[]).await;
    let variables = credentials(2).to_string();
    for (query, operation) in [
        ("mutation($input: SignInInput!) { signIn(input: $input) { token } }", ""),
        ("query A { __typename } mutation B($input: SignInInput!) { signIn(input: $input) { token } }", "B"),
    ] {
        let response = get(&server, &[("query", query), ("operationName", operation), ("variables", &variables)]).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()["allow"], "POST");
        assert!(response.headers().get("set-cookie").is_none());
        assert_eq!(code(response).await, "BAD_USER_INPUT");
    }
}

#[tokio::test]
async fn post_takes_json_only_so_that_foreign_pages_cannot_post() {
    let (_database, server) = on_sqlite(&[]).await;
    let body = r#"{"query": "{ __typename }"}"#;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let response = server.post_raw(&[("content-type", kind)], body).await;
        assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
        assert_eq!(code(response).await, "BAD_USER_INPUT");
    }
    assert_eq!(server.post_raw(&[], body).await.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let response = server.post_raw(&[("content-type", "application/json; charset=utf-8")], body).await;
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn what_is_no_request_is_refused() {
    let (_database, server) = on_sqlite(&[]).await;
    for body in ["", "{", "[]", r#"{"query": 1}"#, r#"{"variables": {}}"#, r#"{"query": "{ a }", "variables": 1}"#] {
        let response = server.post_raw(&[JSON], body).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(code(response).await, "BAD_USER_INPUT", "{body}");
    }
    assert_eq!(get(&server, &[("variables", "{}")]).await.status(), StatusCode::BAD_REQUEST);
    let response = server.client().request(Method::PUT, format!("{}/graphql", server.url())).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(server.client().get(format!("{}/nothing", server.url())).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn every_request_has_an_id_that_its_answer_and_its_log_records_carry() {
    let (_database, server) = on_sqlite(&["--log-format", "json"]).await;
    let body = r#"{"query": "{ __typename }"}"#;
    let response = server.post_raw(&[JSON, ("x-request-id", "mine-1")], body).await;
    assert_eq!(response.headers()["x-request-id"], "mine-1");
    let record: Value = serde_json::from_str(&server.logged("mine-1").await).unwrap();
    assert_eq!(record["request_id"], "mine-1");
    assert_eq!((&record["path"], &record["status"]), (&json!("/graphql"), &json!(200)));

    let generated = server.post_raw(&[JSON], body).await.headers()["x-request-id"].to_str().unwrap().to_owned();
    server.logged(&generated).await;
    let replaced = server.post_raw(&[JSON, ("x-request-id", "a b")], body).await;
    assert_ne!(replaced.headers()["x-request-id"], "a b");
}

#[tokio::test]
async fn the_log_holds_no_variable_and_no_token() {
    let (_database, server) = on_sqlite(&["--log-level", "debug"]).await;
    let token = sign_in(&server, 2).await;
    server.graphql_as(&token, "query($id: ID!) { todo(id: $id) { id } }", json!({ "id": "confidential" })).await;
    get(&server, &[("query", "query($id: ID!) { todo(id: $id) { id } }"), ("variables", r#"{"id": "confidential"}"#)])
        .await;
    let response = server.post_raw(&[JSON, ("x-request-id", "last")], "").await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    server.logged("last").await;
    let log = server.log();
    for secret in [token.as_str(), "confidential", "user2@example.test"] {
        assert!(!log.contains(secret), "{secret} is in:\n{log}");
    }
}

async fn get(server: &Server, parameters: &[(&str, &str)]) -> reqwest::Response {
    let mut url = reqwest::Url::parse(&format!("{}/graphql", server.url())).unwrap();
    url.query_pairs_mut().extend_pairs(parameters);
    server.client().get(url).send().await.unwrap()
}

async fn code(response: reqwest::Response) -> String {
    let answer: Value = response.json().await.unwrap();
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}
