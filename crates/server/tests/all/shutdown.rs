use reqwest::StatusCode;
use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::{Value, json};
use tidewater_testkit::{Backend, on_each_backend};
use tokio::net::TcpStream;

use crate::fixture::{eventually, seeded, sign_in, start, wait_for_blocked};

/// Of a table that no job looks at, so that only requests wait.
const LOCK: &str = "LOCK TABLE tag IN ACCESS EXCLUSIVE MODE";

#[tokio::test]
async fn what_is_under_way_is_finished() {
    let database = seeded(Backend::Postgres).await;
    let mut server = start(&database, &[]).await;
    let token = sign_in(&server, 2).await;
    let connection = database.connect().await;
    let lock = connection.begin().await.unwrap();
    lock.execute_unprepared(LOCK).await.unwrap();

    let mutation = r#"mutation { createTag(input: { name: "the last one" }) { tag { name } } }"#;
    let request = server.client().post(format!("{}/graphql", server.url()));
    let request = tokio::spawn(request.bearer_auth(token).json(&json!({ "query": mutation })).send());
    wait_for_blocked(&connection, 1).await;

    let address = server.url().trim_start_matches("http://").to_owned();
    let release = async {
        eventually("nothing more is accepted", async || TcpStream::connect(&address).await.is_err()).await;
        lock.rollback().await.unwrap();
    };
    let ((code, log), ()) = tokio::join!(server.terminate(), release);
    assert_eq!(code, 0, "{log}");
    let response = request.await.unwrap().unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["data"]["createTag"]["tag"]["name"], "the last one", "{answer}");
    assert!(log.trim_end().ends_with("stopped"), "{log}");
}

#[tokio::test]
async fn what_takes_longer_than_the_grace_is_cut_off() {
    let database = seeded(Backend::Postgres).await;
    let mut server = start(&database, &["--shutdown-grace", "100ms"]).await;
    let token = sign_in(&server, 2).await;
    let connection = database.connect().await;
    let lock = connection.begin().await.unwrap();
    lock.execute_unprepared(LOCK).await.unwrap();

    let request = server.client().post(format!("{}/graphql", server.url())).bearer_auth(token);
    let request = tokio::spawn(request.json(&json!({ "query": "{ viewer { tags { totalCount } } }" })).send());
    wait_for_blocked(&connection, 1).await;
    let (code, log) = server.terminate().await;
    assert_eq!(code, 0, "{log}");
    assert!(log.contains("cut off"), "{log}");
    assert!(request.await.unwrap().is_err());
    lock.rollback().await.unwrap();
}

on_each_backend! {
    async fn an_idle_server_stops_at_once(backend) {
        let database = seeded(backend).await;
        let mut server = start(&database, &["--shutdown-grace", "1h"]).await;
        server.graphql("{ __typename }", Value::Null).await;
        let (code, log) = server.terminate().await;
        assert_eq!(code, 0, "{log}");
    }
}
