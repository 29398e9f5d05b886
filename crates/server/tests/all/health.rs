use reqwest::StatusCode;
use serde_json::{Value, json};
use tidewater_testkit::{Backend, Server, on_each_backend};

use crate::fixture::{binary, eventually, seeded, start};

on_each_backend! {
    async fn a_well_server_is_live_and_ready(backend) {
        let database = seeded(backend).await;
        let redis = backend.redis().await;
        let url = redis.as_ref().map(|redis| redis.url()).unwrap_or_default();
        let mut environment = vec![("DATABASE_URL", database.url())];
        environment.extend(redis.is_some().then_some(("REDIS_URL", url.as_str())));
        let server = Server::start(binary(), &["serve"], &environment).await;

        assert_eq!(report(&server, "live").await, (StatusCode::OK, json!({ "status": "live" })));
        let (status, ready) = report(&server, "ready").await;
        assert_eq!((status, &ready["status"]), (StatusCode::OK, &json!("ready")), "{ready}");
        for part in ["database", "triggers", "change_log"] {
            assert_eq!(ready["parts"][part], json!({ "status": "up" }), "{ready}");
        }
        let expected = if redis.is_some() { "up" } else { "absent" };
        assert_eq!(ready["parts"]["redis"], json!({ "status": expected }), "{ready}");
    }
}

#[tokio::test]
async fn a_missing_redis_is_no_reason_not_to_be_ready() {
    let database = seeded(Backend::Postgres).await;
    let environment = [("DATABASE_URL", database.url()), ("REDIS_URL", "redis://127.0.0.1:1")];
    let server = Server::start(binary(), &["serve"], &environment).await;
    let mut asked = 0;
    eventually("degraded", async || {
        // Each time something that is not in memory yet.
        asked = asked % 100 + 1;
        server.graphql(&format!("{{ notes(first: {asked}) {{ nodes {{ id }} }} }}"), Value::Null).await;
        let (status, ready) = report(&server, "ready").await;
        assert_eq!(status, StatusCode::OK, "{ready}");
        ready["parts"]["redis"]["status"] == "degraded"
    })
    .await;
}

#[tokio::test]
async fn triggers_that_are_disabled_by_hand_are_reported() {
    let database = seeded(Backend::Postgres).await;
    let server = start(&database, &["--health-interval", "20ms"]).await;
    database.sql("ALTER TABLE todo DISABLE TRIGGER USER").await;
    eventually("not ready", async || report(&server, "ready").await.0 == StatusCode::SERVICE_UNAVAILABLE).await;
    let (_, unready) = report(&server, "ready").await;
    assert_eq!((&unready["status"], &unready["parts"]["triggers"]["status"]), (&json!("unready"), &json!("down")));
    let reason = unready["parts"]["triggers"]["reason"].as_str().unwrap();
    assert!(reason.contains("todo") && reason.contains("tidewater migrate up"), "{reason}");
    server.logged("not ready").await;
    assert_eq!(report(&server, "live").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_database_that_is_gone_is_reported() {
    let database = seeded(Backend::Postgres).await;
    let server = start(&database, &["--health-interval", "20ms"]).await;
    let (administration, name) = database.url().split_once("/tidewater_test_").unwrap();
    let administration = format!("{administration}/postgres");
    let connection = sea_orm::Database::connect(&administration).await.unwrap();
    let statement = format!("ALTER DATABASE tidewater_test_{name} WITH ALLOW_CONNECTIONS false");
    sea_orm::ConnectionTrait::execute_unprepared(&connection, &statement).await.unwrap();
    let statement =
        format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'tidewater_test_{name}'");
    sea_orm::ConnectionTrait::execute_unprepared(&connection, &statement).await.unwrap();
    connection.close().await.unwrap();

    eventually("not ready", async || {
        let (status, report) = report(&server, "ready").await;
        let reason = &report["parts"]["database"]["reason"];
        status == StatusCode::SERVICE_UNAVAILABLE && reason == "the database does not answer"
    })
    .await;
}

async fn report(server: &Server, kind: &str) -> (StatusCode, Value) {
    let response = server.client().get(format!("{}/health/{kind}", server.url())).send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}
