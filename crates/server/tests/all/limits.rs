use std::time::Duration;

use reqwest::StatusCode;
use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::{Value, json};
use tidewater_testkit::{Backend, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};

use crate::fixture::{eventually, on_sqlite, seeded, sign_in, start, wait_for_blocked};

const JSON: (&str, &str) = ("content-type", "application/json");
/// Asks for some tens of kilobytes.
const LARGE: &str = "/graphql?query=%7B__schema%7Btypes%7Bname%20description%20fields%7Bname%20description%7D%7D%7D%7D";
const TAGS: &str = r#"{"query": "{ viewer { tags { totalCount } } }"}"#;

#[tokio::test]
async fn a_large_body_is_refused() {
    let (_database, server) = on_sqlite(&["--max-body", "1KiB"]).await;
    let body = json!({ "query": format!("{{ __typename {} }}", "#".repeat(1_024)) }).to_string();
    let response = server.post_raw(&[JSON], body).await;
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(code(&response.json().await.unwrap()), "BAD_USER_INPUT");
}

/// A few bytes that stand for many: they are not unpacked to find that out.
#[tokio::test]
async fn a_compressed_body_is_refused_unread() {
    let (_database, server) = on_sqlite(&[]).await;
    // A gzip member that holds 1,000 zeros for each of its last bytes would begin so; nothing of it has to be right.
    let bomb = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3, 0xed, 0xc1][..], &[0; 10_000]].concat();
    for coding in ["gzip", "deflate", "br", "zstd", "identity, gzip"] {
        let response = server.post_raw(&[JSON, ("content-encoding", coding)], bomb.clone()).await;
        assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{coding}");
        assert_eq!(response.headers()["accept-encoding"], "identity");
        assert_eq!(code(&response.json().await.unwrap()), "BAD_USER_INPUT");
    }
    // Not for what it is, but for what it says it is.
    let honest = server.post_raw(&[JSON, ("content-encoding", "gzip")], r#"{"query": "{ __typename }"}"#).await;
    assert_eq!(honest.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn a_deep_or_complex_operation_is_refused() {
    let (_database, server) = on_sqlite(&["--max-depth", "5", "--max-complexity", "100"]).await;
    let deep = "{ viewer { todos(first: 1) { nodes { user { todos(first: 1) { totalCount } } } } } }";
    let complex = "{ notes(first: 100) { nodes { id title } } }";
    for (query, said) in [(deep, "Query is nested too deep."), (complex, "Query is too complex.")] {
        let answer = server.graphql(query, Value::Null).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT", "{answer}");
        assert_eq!(answer["errors"][0]["message"], said);
    }
    let within = server.graphql("{ notes(first: 10) { nodes { id title } } }", Value::Null).await;
    assert!(within.get("errors").is_none(), "{within}");
    assert_eq!(server.graphql("{ viewer { id } }", Value::Null).await["data"], json!({ "viewer": null }));
}

#[tokio::test]
async fn a_document_that_has_no_end_is_refused() {
    let (_database, server) = on_sqlite(&[]).await;
    let fragments = |count: usize, spreads: usize| -> String {
        let fragment =
            |number| format!(" fragment F{number} on Query {{ {} }}", format!("...F{} ", number + 1).repeat(spreads));
        (0..count).map(fragment).collect()
    };
    for endless in [
        "{a".repeat(100_000),
        format!("{{ a(b: {}", "[".repeat(200_000)),
        format!("{{ todo(id: {}{}) {{ id }} }}", "[".repeat(800), "]".repeat(800)),
        format!("query($a: {}", "[".repeat(200_000)),
        format!("{{ ...F0 }} {} fragment F30 on Query {{ __typename }}", fragments(30, 2)),
        format!("{{ __typename }} {}", fragments(20_000, 1)),
    ] {
        let answer = server.graphql(&endless, Value::Null).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT", "{answer}");
    }
    assert_eq!(server.graphql("{ __typename }", Value::Null).await["data"], json!({ "__typename": "Query" }));
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_ended() {
    let database = seeded(Backend::Postgres).await;
    let server = start(&database, &["--request-timeout", "2s"]).await;
    let token = sign_in(&server, 2).await;
    let connection = database.connect().await;
    let lock = connection.begin().await.unwrap();
    lock.execute_unprepared("LOCK TABLE tag IN ACCESS EXCLUSIVE MODE").await.unwrap();

    let bearer = format!("Bearer {token}");
    let response = server.post_raw(&[JSON, ("authorization", &bearer)], TAGS).await;
    assert_eq!(response.status(), StatusCode::GATEWAY_TIMEOUT);
    let answer: Value = response.json().await.unwrap();
    assert_eq!(code(&answer), "TIMEOUT");
    assert!(answer["errors"][0]["message"].as_str().unwrap().contains("2s"), "{answer}");
    lock.rollback().await.unwrap();
}

#[tokio::test]
async fn more_requests_than_the_server_takes_are_turned_away() {
    let database = seeded(Backend::Postgres).await;
    let server = start(&database, &["--max-requests", "1"]).await;
    let token = sign_in(&server, 2).await;
    let connection = database.connect().await;
    let lock = connection.begin().await.unwrap();
    lock.execute_unprepared("LOCK TABLE tag IN ACCESS EXCLUSIVE MODE").await.unwrap();

    let bearer = format!("Bearer {token}");
    let headers = [JSON, ("authorization", bearer.as_str())];
    let first = server.post_raw(&headers, TAGS);
    let second = async {
        wait_for_blocked(&connection, 1).await;
        let response = server.post_raw(&[JSON], TAGS).await;
        let health = server.client().get(format!("{}/health/ready", server.url())).send().await.unwrap();
        lock.rollback().await.unwrap();
        (response, health)
    };
    let (first, (second, health)) = tokio::join!(first, second);
    assert_eq!(second.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(second.headers()["retry-after"], "1");
    assert_eq!(code(&second.json().await.unwrap()), "UNAVAILABLE");
    assert_eq!(health.status(), StatusCode::OK, "health is not limited");
    let first: Value = first.json().await.unwrap();
    assert!(first["data"]["viewer"]["tags"]["totalCount"].is_u64(), "{first}");
}

#[tokio::test]
async fn a_connection_whose_request_does_not_come_is_closed() {
    let (_database, server) = on_sqlite(&["--idle-timeout", "200ms"]).await;
    const ANSWERED: &str = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";
    let second = format!("{ANSWERED}POST /graphql");
    for sent in ["", "POST /graphql HTTP/1.1\r\nHost: x\r\n", "PRI * HTTP/2.0", ANSWERED, &second] {
        let mut stream = server.connect().await;
        stream.write_all(sent.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let closed = timeout(Duration::from_secs(30), stream.read_to_end(&mut answer)).await;
        assert!(closed.is_ok(), "the connection stayed open after {sent:?}");
    }
}

/// One that speaks HTTP/2 tells how many requests it may have under way, and is asked for a sign of life, which does not come.
#[tokio::test]
async fn a_connection_of_http2_that_falls_silent_is_closed() {
    let (_database, server) = on_sqlite(&["--idle-timeout", "200ms"]).await;
    let mut stream = server.connect().await;
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    // Longer than the ten seconds that it may take, and shorter than what ends it otherwise.
    let mut told = Vec::new();
    let closed = timeout(Duration::from_secs(20), stream.read_to_end(&mut told)).await;
    assert!(closed.is_ok(), "the connection stays open");

    let (header, rest) = told.split_at(9);
    let length = usize::from(header[1]) << 8 | usize::from(header[2]);
    assert_eq!((header[0], header[3]), (0, 4), "it begins with settings: {header:?}");
    let settings: Vec<_> = rest[..length].chunks(6).map(|setting| (setting[1], &setting[2..])).collect();
    assert!(settings.contains(&(3, &[0, 0, 0, 128][..])), "SETTINGS_MAX_CONCURRENT_STREAMS: {settings:?}");
}

#[tokio::test]
async fn more_connections_than_the_server_takes_wait_for_their_turn() {
    let (_database, server) = on_sqlite(&["--max-connections", "1"]).await;
    let first = server.connect().await;
    let mut second = server.connect().await;
    second.write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    assert!(timeout(Duration::from_millis(200), second.read_to_string(&mut answer)).await.is_err(), "{answer}");
    drop(first);
    second.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}

#[tokio::test]
async fn one_client_has_only_so_many_connections() {
    let ask = b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answer = async |server: &Server| {
        let mut stream = server.connect().await;
        let mut answer = String::new();
        // What is closed with something unread may be reset.
        let _ = stream.write_all(ask).await;
        let _ = timeout(Duration::from_secs(30), stream.read_to_string(&mut answer)).await.expect("it waits");
        answer
    };
    let (_database, server) = on_sqlite(&["--max-client-connections", "2"]).await;
    let held = [server.connect().await, server.connect().await];
    // Connections are accepted in their order.
    assert_eq!(answer(&server).await, "");
    eventually("the log says what to do", async || server.log().contains("name it in TIDEWATER_TRUSTED_PROXIES")).await;
    drop(held);
    eventually("what is closed counts no longer", async || answer(&server).await.starts_with("HTTP/1.1 200 OK")).await;

    let (_database, server) = on_sqlite(&["--max-client-connections", "2", "--trusted-proxies", "127.0.0.0/8"]).await;
    let _held = [server.connect().await, server.connect().await];
    assert!(answer(&server).await.starts_with("HTTP/1.1 200 OK"), "a proxy has clients of its own");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_given_up() {
    let (_database, server) = on_sqlite(&["--request-timeout", "300ms"]).await;
    let mut stream = server.connect().await;
    stream.write_all((head(100) + "{\"query\":").as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(Duration::from_secs(30), stream.read_to_string(&mut answer)).await.expect("it stayed open").unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("TIMEOUT"), "{answer}");
}

#[tokio::test]
async fn bodies_that_do_not_come_keep_nobody_out() {
    let (_database, server) = on_sqlite(&["--max-requests", "2"]).await;
    let part = head(100) + "{";
    let mut slow = Vec::new();
    for _ in 0..8 {
        let mut stream = server.connect().await;
        stream.write_all(part.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    for _ in 0..20 {
        assert_eq!(server.post_raw(&[JSON], TAGS.to_owned()).await.status(), StatusCode::OK);
    }
}

/// Together, bodies take no more than as many requests of the largest size would.
#[tokio::test]
async fn bodies_have_only_so_much_room() {
    let (_database, server) = on_sqlite(&["--max-requests", "2", "--max-body", "64KiB"]).await;
    let part = [head(65_000).as_bytes(), &[b' '; 60_000]].concat();
    let large = || json!({ "query": "{ __typename }", "variables": { "unused": "x".repeat(30_000) } }).to_string();
    eventually("there is no room left", async || {
        let mut half = Vec::new();
        for _ in 0..2 {
            let mut stream = server.connect().await;
            stream.write_all(&part).await.unwrap();
            half.push(stream);
        }
        // While they come, it would be one of them that finds no room.
        sleep(Duration::from_millis(500)).await;
        let is_full = server.post_raw(&[JSON], large()).await.status() == StatusCode::SERVICE_UNAVAILABLE;
        assert_eq!(
            server.post_raw(&[JSON], TAGS.to_owned()).await.status(),
            StatusCode::OK,
            "what is small needs none"
        );
        is_full
    })
    .await;
    eventually("there is room again", async || server.post_raw(&[JSON], large()).await.status() == StatusCode::OK)
        .await;
}

#[tokio::test]
async fn a_header_that_is_too_large_is_refused() {
    let (_database, server) = on_sqlite(&["--max-header", "8KiB"]).await;
    let send = async |fields: String, path: String| {
        let mut stream = server.connect().await;
        // It may be refused before all of it was sent.
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{fields}\r\n");
        let _ = stream.write_all(request.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = timeout(Duration::from_secs(30), stream.read_to_end(&mut answer)).await.expect("it stayed open");
        String::from_utf8_lossy(&answer).get(..12).unwrap_or_default().to_owned()
    };
    let live = || "/health/live".to_owned();
    assert_eq!(send("X-Small: 1\r\n".repeat(90), live()).await, "HTTP/1.1 200");
    assert_eq!(send("X-Small: 1\r\n".repeat(101), live()).await, "HTTP/1.1 431");
    assert_eq!(send(format!("X-Large: {}\r\n", "x".repeat(10_000)), live()).await, "HTTP/1.1 431");
    assert_eq!(send(String::new(), format!("/graphql?query={}", "x".repeat(10_000))).await, "HTTP/1.1 431");

    let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    let url = format!("{}/health/live", server.url());
    assert_eq!(client.get(&url).send().await.unwrap().status(), StatusCode::OK);
    let large = client.get(&url).header("x-large", "x".repeat(10_000)).send().await;
    assert!(
        large.is_err_and(|error| error.status().is_none())
            || client
                .get(&url)
                .header("x-large", "x".repeat(10_000))
                .send()
                .await
                .is_ok_and(|answer| answer.status() == 431)
    );
}

#[tokio::test]
async fn a_client_that_does_not_read_is_given_up() {
    let (_database, server) = on_sqlite(&["--idle-timeout", "500ms", "--max-connections", "1"]).await;
    let mut greedy = server.connect().await;
    let query = format!("GET {LARGE} HTTP/1.1\r\nHost: x\r\n\r\n");
    // Far more answers than fit into what the kernel keeps for a client.
    let _ = timeout(Duration::from_secs(2), greedy.write_all(query.repeat(2_000).as_bytes())).await;
    // The only connection is free again.
    let url = format!("{}/health/live", server.url());
    assert_eq!(server.client().get(url).send().await.unwrap().status(), StatusCode::OK);
    drop(greedy);
}

/// It answers pings, so neither the socket nor the protocol tells that it takes nothing.
#[tokio::test]
async fn a_client_of_http2_that_does_not_read_is_given_up() {
    let (_database, server) = on_sqlite(&["--idle-timeout", "500ms", "--max-connections", "1"]).await;
    let greedy =
        reqwest::Client::builder().http2_prior_knowledge().http2_initial_stream_window_size(1).build().unwrap();
    let answer = greedy.get(format!("{}{LARGE}", server.url())).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let health = server.client().get(format!("{}/health/live", server.url())).send();
    let health = timeout(Duration::from_secs(30), health).await.expect("the only connection is taken");
    assert_eq!(health.unwrap().status(), StatusCode::OK);
    assert!(answer.bytes().await.is_err(), "all of it came");
}

#[tokio::test]
async fn a_client_of_http2_that_reads_slowly_is_served_to_the_end() {
    let (_database, server) = on_sqlite(&["--idle-timeout", "1s"]).await;
    let patient = reqwest::Client::builder().http2_prior_knowledge();
    let patient = patient.http2_initial_stream_window_size(16_384).build().unwrap();
    let url = format!("{}{LARGE}", server.url());
    let whole = server.client().get(&url).send().await.unwrap().bytes().await.unwrap();
    assert!(whole.len() > 2 * 16_384, "{}", whole.len());
    let mut answer = patient.get(&url).send().await.unwrap();
    let mut come = Vec::new();
    while let Some(piece) = answer.chunk().await.unwrap() {
        come.extend_from_slice(&piece);
        sleep(Duration::from_millis(600)).await;
    }
    assert_eq!(come.len(), whole.len());
}

#[tokio::test]
async fn an_idle_connection_of_http2_is_closed() {
    let (_database, server) = on_sqlite(&["--idle-timeout", "500ms", "--max-connections", "1"]).await;
    let idle = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    let url = format!("{}/health/live", server.url());
    assert_eq!(idle.get(&url).send().await.unwrap().status(), StatusCode::OK);
    let other = timeout(Duration::from_secs(30), server.client().get(&url).send()).await;
    assert_eq!(other.expect("the only connection is taken").unwrap().status(), StatusCode::OK);
}

/// The beginning of a request with a body of so many bytes.
fn head(length: usize) -> String {
    format!("POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n")
}

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("{answer}"))
}
