use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;
use tidewater_testkit::Backend;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::scrape::{Measured, Scrape, address, get};
use crate::fixture::{fail, on_sqlite, seeded};

#[tokio::test]
async fn metrics_are_told_in_both_forms_and_nowhere_else() {
    let measured = Measured::new(Backend::Sqlite, &[]).await;
    let older = get(&measured.server, "/metrics", &[]).await;
    assert_eq!(older.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(older.headers()["x-content-type-options"], "nosniff");
    assert_eq!(older.headers()["cache-control"], "no-store");
    let older = older.text().await.unwrap();
    assert!(older.contains("\n# TYPE tidewater_polls_total counter\ntidewater_polls_total "), "{older}");

    let accept = [("accept", "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3")];
    let newer = get(&measured.server, "/metrics", &accept).await;
    assert_eq!(newer.headers()["content-type"], "application/openmetrics-text; version=1.0.0; charset=utf-8");
    let newer = newer.text().await.unwrap();
    assert!(newer.contains("\n# TYPE tidewater_polls counter\ntidewater_polls_total "), "{newer}");
    assert!(newer.contains("\n# UNIT tidewater_gate_wait_seconds seconds\n") && newer.ends_with("# EOF\n"));

    assert_eq!(get(&measured.server, "/graphql", &[]).await.status(), StatusCode::NOT_FOUND);
    let posted = measured.server.client().post(format!("{}/metrics", address(&measured.server).await)).send().await;
    assert_eq!(posted.unwrap().status(), StatusCode::METHOD_NOT_ALLOWED);
    let public = measured.server.client().get(format!("{}/metrics", measured.server.url())).send().await.unwrap();
    assert_eq!(public.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn there_are_none_unless_they_are_asked_for() {
    let (_database, server) = on_sqlite(&[]).await;
    assert!(!server.log().contains("metrics"), "{}", server.log());
}

#[tokio::test]
async fn an_address_that_cannot_be_had_is_told_before_anything_is_changed() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let database = tidewater_testkit::TestDatabase::sqlite().await;
    let environment = [("DATABASE_URL", database.url()), ("TIDEWATER_METRICS_LISTEN", &address)];
    let (code, sentence) = fail(&["serve", "--listen", "127.0.0.1:0"], &environment).await;
    let expected =
        format!("cannot listen on {address}: another process is listening there; choose another with --metrics-listen");
    assert_eq!((code, sentence), (1, expected));
    let tables = database.try_sql("SELECT * FROM todo").await;
    assert!(tables.is_err(), "the database was migrated before");

    let (code, sentence) = fail(&["serve", "--listen", "127.0.0.1:8123", "--metrics-listen", "[::1]:8123"], &[]).await;
    assert_eq!(code, 2);
    assert!(sentence.contains("TIDEWATER_METRICS_LISTEN") && sentence.contains("another port"), "{sentence}");
    let (code, sentence) = fail(&["serve", "--metrics-listen", "here"], &[]).await;
    assert!(code == 2 && sentence.contains("TIDEWATER_METRICS_LISTEN"), "{sentence}");
}

/// However many connections are opened, and however long a request takes to come, whoever asks later is answered.
#[tokio::test]
async fn connections_that_say_nothing_leave_room_for_others_in_the_end() {
    let measured = Measured::new(Backend::Sqlite, &[]).await;
    let address = address(&measured.server).await.trim_start_matches("http://").to_owned();
    let mut silent = Vec::new();
    for _ in 0..32 {
        silent.push(TcpStream::connect(&address).await.unwrap());
    }
    let mut late = TcpStream::connect(&address).await.unwrap();
    late.write_all(b"GET /metrics HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut told = String::new();
    let waiting = timeout(Duration::from_millis(300), late.read_to_string(&mut told)).await;
    assert!(waiting.is_err(), "more than 32 connections are taken");
    silent.pop();
    timeout(Duration::from_secs(60), late.read_to_string(&mut told)).await.unwrap().unwrap();
    assert!(told.starts_with("HTTP/1.1 200 "), "{told}");
    // What clients ask is answered elsewhere.
    let answer = measured.server.graphql("{ __typename }", Value::Null).await;
    assert_eq!(answer["data"]["__typename"], "Query");
}

#[tokio::test]
async fn a_request_that_does_not_come_or_is_too_large_is_not_waited_for() {
    let measured = Measured::new(Backend::Sqlite, &[]).await;
    let address = address(&measured.server).await.trim_start_matches("http://").to_owned();
    let send = async |sent: String| {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        // It may be refused before all of it was sent.
        let _ = stream.write_all(sent.as_bytes()).await;
        let mut answer = Vec::new();
        // After ten seconds; the library would end it after thirty.
        let ended = timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await;
        assert!(ended.is_ok(), "the connection stays open after {sent:.40}");
        String::from_utf8_lossy(&answer).get(..12).unwrap_or_default().to_owned()
    };
    let head = "GET /metrics HTTP/1.1\r\n";
    let (_, _, large) =
        tokio::join!(send(String::new()), send(head.to_owned()), send(format!("{head}X: {}", "x".repeat(20_000))));
    assert_eq!(large, "HTTP/1.1 431");
}

#[tokio::test]
async fn many_who_ask_at_once_are_all_answered() {
    let measured = Measured::new(Backend::Sqlite, &[]).await;
    let scrapes = futures::future::join_all((0..50).map(|_| Scrape::of(&measured.server))).await;
    assert!(scrapes.iter().all(|scrape| scrape.value("tidewater_ready") == 1.0));
}

#[tokio::test]
async fn a_server_that_ends_leaves_its_metrics_with_it() {
    let mut measured = Measured::over(seeded(Backend::Sqlite).await, None, &[("TIDEWATER_SHUTDOWN_GRACE", "5s")]).await;
    let address = address(&measured.server).await;
    // Kept alive by its client, and no reason to wait.
    measured.scrape().await;
    let (code, log) = measured.server.terminate().await;
    assert_eq!(code, 0, "{log}");
    assert!(log.trim_end().ends_with("stopped"), "{log}");
    assert!(TcpStream::connect(address.trim_start_matches("http://")).await.is_err());
}
