//! What happens without anybody asking: reminders come, and exports get written.

use std::time::Duration;

use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use tidewater_testkit::{Backend, Server, on_each_backend};
use tokio::time::Instant;

use crate::fixture::{eventually, on_sqlite, seeded, sign_in, start_over};

const REMIND: &str =
    "mutation($at: DateTime!) { createTodo(input: { text: \"water\", remindAt: $at }) { todo { id } } }";
const NOTIFICATIONS: &str = "{ viewer { unreadNotificationCount notifications { nodes { text todo { id } } } } }";
const EXPORT: &str = "mutation { exportMyData { export { id } } }";
const NODE: &str = "query($id: ID!) { node(id: $id) { ... on Export { status progress } } }";

async fn get(server: &Server, path: &str, headers: &[(&str, String)]) -> Response {
    let mut request = server.client().get(format!("{}{path}", server.url()));
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    request.send().await.unwrap()
}

fn bearer(token: &str) -> [(&'static str, String); 1] {
    [("authorization", format!("Bearer {token}"))]
}

/// Asks for an export; answers its id.
async fn begin(server: &Server, token: &str) -> String {
    let begun = server.graphql_as(token, EXPORT, Value::Null).await;
    begun["data"]["exportMyData"]["export"]["id"].as_str().unwrap_or_else(|| panic!("{begun}")).to_owned()
}

/// Waits until an export is done.
async fn done(server: &Server, token: &str, id: &str) {
    eventually("the export is done", async || {
        let answer = server.graphql_as(token, NODE, json!({ "id": id })).await;
        answer["data"]["node"] == json!({ "status": "DONE", "progress": 100 })
    })
    .await;
}

/// Asks for an export and waits until it is done; answers its id.
async fn exported(server: &Server, token: &str) -> String {
    let id = begin(server, token).await;
    done(server, token, &id).await;
    id
}

async fn refused(response: Response, status: StatusCode, code: &str) {
    assert_eq!(response.status(), status);
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["errors"][0]["extensions"]["code"], code, "{body}");
}

on_each_backend! {
    async fn a_reminder_comes_at_its_time(backend) {
        let (database, redis) = (seeded(backend).await, backend.redis().await);
        let server = start_over(&database, redis.as_ref()).await;
        let token = sign_in(&server, 2).await;
        let nothing = server.graphql_as(&token, NOTIFICATIONS, Value::Null).await;
        assert_eq!(nothing["data"]["viewer"]["unreadNotificationCount"], 0);
        let (begun, second) = (Instant::now(), Duration::from_secs(1));
        let at = humantime::format_rfc3339_micros(std::time::SystemTime::now() + second).to_string();
        let created = server.graphql_as(&token, REMIND, json!({ "at": at })).await;
        let todo = &created["data"]["createTodo"]["todo"];
        eventually("the reminder has come", async || {
            let seen = server.graphql_as(&token, NOTIFICATIONS, Value::Null).await["data"]["viewer"].take();
            let expected = json!({ "unreadNotificationCount": 1,
                "notifications": { "nodes": [{ "text": "water", "todo": todo }] } });
            assert!(seen == expected || seen["unreadNotificationCount"] == 0, "{seen}");
            seen == expected
        })
        .await;
        assert!(begun.elapsed() >= second, "it came early");
    }

    async fn an_export_is_written_and_downloaded(backend) {
        let (database, redis) = (seeded(backend).await, backend.redis().await);
        let server = start_over(&database, redis.as_ref()).await;
        let token = sign_in(&server, 2).await;
        let id = exported(&server, &token).await;
        let path = format!("/exports/{id}");
        let response = get(&server, &path, &bearer(&token)).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "application/json; charset=utf-8");
        assert_eq!(response.headers()["content-disposition"], format!("attachment; filename=\"tidewater-{id}.json\""));
        assert_eq!(response.headers()["cache-control"], "no-store");
        let said: Value = response.json().await.unwrap();
        assert_eq!(said["user"]["email"], "user2@example.test");
        assert_eq!(said["todos"].as_array().unwrap().len(), 3);
        let cookie = [("cookie", format!("tidewater_session={token}"))];
        assert_eq!(get(&server, &path, &cookie).await.json::<Value>().await.unwrap(), said);

        let other = sign_in(&server, 1).await;
        for headers in [&[][..], &bearer(&other), &bearer("rubbish")] {
            refused(get(&server, &path, headers).await, StatusCode::NOT_FOUND, "NOT_FOUND").await;
        }
        for rubbish in ["x", "export_", "%ff", "todo_01h455vb4pex5vsknk084sn02q", "export_01h455vb4pex5vsknk084sn02q"] {
            let response = get(&server, &format!("/exports/{rubbish}"), &bearer(&token)).await;
            refused(response, StatusCode::NOT_FOUND, "NOT_FOUND").await;
        }
    }
}

#[tokio::test]
async fn an_export_can_be_had_until_it_expires() {
    let (_database, server) = on_sqlite(&["--export-retention", "5s"]).await;
    let token = sign_in(&server, 2).await;
    let path = format!("/exports/{}", exported(&server, &token).await);
    assert_eq!(get(&server, &path, &bearer(&token)).await.status(), StatusCode::OK);
    eventually("the export has expired", async || {
        get(&server, &path, &bearer(&token)).await.status() == StatusCode::GONE
    })
    .await;
    refused(get(&server, &path, &bearer(&token)).await, StatusCode::GONE, "NOT_FOUND").await;
}

#[tokio::test]
async fn a_download_counts_like_a_request() {
    let (_database, server) = on_sqlite(&["--request-rate", "2/h"]).await;
    for _ in 0..2 {
        refused(get(&server, "/exports/x", &[]).await, StatusCode::NOT_FOUND, "NOT_FOUND").await;
    }
    refused(get(&server, "/exports/x", &[]).await, StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED").await;
}

#[tokio::test]
async fn only_so_many_downloads_go_on_at_once() {
    let (_database, server) = on_sqlite(&[]).await;
    let token = sign_in(&server, 2).await;
    let path = format!("/exports/{}", exported(&server, &token).await);
    // Each takes a byte, and then no more.
    let slow = Client::builder().http2_prior_knowledge().http2_initial_stream_window_size(1).build().unwrap();
    let mut downloads = Vec::new();
    for _ in 0..64 {
        let response = slow.get(format!("{}{path}", server.url())).bearer_auth(&token).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{}", downloads.len());
        downloads.push(response);
    }
    refused(get(&server, &path, &bearer(&token)).await, StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE").await;
    downloads.pop();
    eventually("there is room for another one", async || {
        get(&server, &path, &bearer(&token)).await.status() == StatusCode::OK
    })
    .await;
}

#[tokio::test]
async fn an_export_that_nobody_has_written_yet_is_not_to_be_had() {
    let (database, server) = on_sqlite(&[]).await;
    let token = sign_in(&server, 2).await;
    let path = format!("/exports/{}", exported(&server, &token).await);
    let undo = "UPDATE export SET status = 'FAILED', chunks = NULL, expires_at = NULL";
    assert_eq!(database.sql(undo).await, 1);
    refused(get(&server, &path, &bearer(&token)).await, StatusCode::CONFLICT, "CONFLICT").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_is_followed_by_one_that_goes_on() {
    let database = seeded(Backend::Postgres).await;
    let mut server = start_over(&database, None).await;
    let token = sign_in(&server, 2).await;
    let many = "INSERT INTO todo (id, user_id, text, priority, created_at, updated_at) \
        SELECT gen_random_uuid(), id, repeat('x', 900), 1, now(), now() FROM \"user\", generate_series(1, 20000) \
        WHERE email = 'user2@example.test'";
    assert_eq!(database.sql(many).await, 20_000);
    let id = begin(&server, &token).await;
    eventually("the export has begun", async || {
        server.graphql_as(&token, NODE, json!({ "id": id })).await["data"]["node"]["status"] != "QUEUED"
    })
    .await;
    server.kill().await;
    server.start_again().await;
    done(&server, &token, &id).await;
    let response = get(&server, &format!("/exports/{id}"), &bearer(&token)).await;
    assert_eq!(response.json::<Value>().await.unwrap()["todos"].as_array().unwrap().len(), 20_003);
}
