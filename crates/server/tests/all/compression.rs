//! Answers in fewer bytes.

use std::io::Write;
use std::process::{Command, Stdio};

use reqwest::Response;
use serde_json::{Value, json};
use tidewater_testkit::Server;

use crate::fixture::{on_sqlite, sign_in};

/// An answer of some kilobytes.
const SCHEMA: &str = "{ __schema { types { name description } } }";

async fn ask(server: &Server, accepted: Option<&str>, query: &str) -> Response {
    let headers: Vec<_> = [("content-type", "application/json")]
        .into_iter()
        .chain(accepted.map(|accepted| ("accept-encoding", accepted)))
        .collect();
    server.post_raw(&headers, json!({ "query": query }).to_string()).await
}

fn encoding(response: &Response) -> Option<&str> {
    response.headers().get("content-encoding").map(|coding| coding.to_str().unwrap())
}

/// What gzip makes of it.
fn unzipped(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = Command::new("gzip").arg("-dc").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = gzip.stdin.take().unwrap();
    let bytes = bytes.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&bytes).unwrap());
    let output = gzip.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    output.stdout
}

#[tokio::test]
async fn large_answers_are_compressed_for_those_who_accept_it() {
    let (_database, server) = on_sqlite(&[]).await;
    let plain = ask(&server, None, SCHEMA).await;
    assert_eq!(encoding(&plain), None);
    let plain: Value = plain.json().await.unwrap();
    for (accepted, expected) in [
        ("gzip", Some("gzip")),
        ("br", Some("br")),
        ("gzip, deflate, br, zstd", Some("br")),
        ("gzip;q=1, br;q=0.5", Some("gzip")),
        ("gzip;q=0", None),
        ("deflate", None),
        ("identity", None),
        ("x-unknown", None),
    ] {
        let response = ask(&server, Some(accepted), SCHEMA).await;
        assert_eq!(encoding(&response), expected, "{accepted}");
        if expected.is_some() {
            assert_eq!(response.headers()["vary"], "accept-encoding");
        }
        let bytes = response.bytes().await.unwrap();
        let whole = plain["data"].to_string().len();
        assert_eq!(bytes.len() < whole / 2, expected.is_some(), "{accepted}: {} of {whole}", bytes.len());
        if expected == Some("gzip") {
            let answer: Value = serde_json::from_slice(&unzipped(&bytes)).unwrap();
            assert_eq!(answer["data"], plain["data"]);
        }
    }
}

#[tokio::test]
async fn small_answers_are_left_as_they_are() {
    let (_database, server) = on_sqlite(&[]).await;
    assert_eq!(encoding(&ask(&server, Some("gzip, br"), "{ __typename }").await), None);
    let (_database, server) = on_sqlite(&["--compress-from", "1"]).await;
    assert_eq!(encoding(&ask(&server, Some("gzip, br"), "{ __typename }").await), Some("br"));
    let (_database, server) = on_sqlite(&["--compress-from", "0"]).await;
    assert_eq!(encoding(&ask(&server, Some("gzip, br"), SCHEMA).await), None);
}

#[tokio::test]
async fn what_is_remembered_is_compressed_for_each_as_they_accept_it() {
    let (_database, server) = on_sqlite(&["--compress-from", "1"]).await;
    let bearer = format!("Bearer {}", sign_in(&server, 1).await);
    for (turn, (accepted, expected)) in
        [("gzip", Some("gzip")), ("identity", None), ("br", Some("br"))].into_iter().enumerate()
    {
        let headers =
            [("content-type", "application/json"), ("accept-encoding", accepted), ("authorization", bearer.as_str())];
        let response = server.post_raw(&headers, r#"{"query": "{ todos { totalCount } }"}"#).await;
        assert_eq!(encoding(&response), expected);
        assert_eq!(response.headers()["cache-status"] == "Tidewater; hit; detail=\"response\"", turn > 0);
    }
}

#[tokio::test]
async fn a_validator_is_the_same_in_each_encoding() {
    let (_database, server) = on_sqlite(&["--compress-from", "1"]).await;
    let get = |accepted: &'static str, known: String| {
        let url = format!("{}/graphql?query=%7B__typename%7D", server.url());
        server.client().get(url).header("accept-encoding", accepted).header("if-none-match", known).send()
    };
    let first = get("br", String::new()).await.unwrap();
    assert_eq!((first.status().as_u16(), encoding(&first)), (200, Some("br")));
    assert_eq!(first.headers()["vary"], "accept, accept-encoding, authorization, cookie");
    let tag = first.headers()["etag"].to_str().unwrap().to_owned();
    let again = get("gzip", tag).await.unwrap();
    assert_eq!((again.status().as_u16(), encoding(&again)), (304, None));
}
