use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tidewater_testkit::{Server, run};

/// A stand-in for the tidewater binary, gone with the directory.
fn script(text: &str) -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("server");
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    (directory, path)
}

#[tokio::test]
async fn a_command_that_ends_gives_its_output_and_code() {
    let (_directory, path) = script("echo \"$1 $GIVEN\"; echo bad >&2; exit 3");
    let ended = run(&path, &["hello"], &[("GIVEN", "value")]).await;
    assert_eq!(String::from_utf8(ended.stdout).unwrap(), "hello value\n");
    assert_eq!(String::from_utf8(ended.stderr).unwrap(), "bad\n");
    assert_eq!(ended.status.code(), Some(3));
}

#[tokio::test]
async fn the_environment_of_the_developer_stays_out() {
    let (_directory, path) = script("env | cut -d= -f1 | sort");
    let ended = run(&path, &[], &[("DATABASE_URL", "sqlite::memory:")]).await;
    let names = String::from_utf8(ended.stdout).unwrap();
    assert!(
        names.lines().all(|name| ["DATABASE_URL", "PATH", "PWD", "SHLVL", "_", "OLDPWD"].contains(&name)),
        "{names}"
    );
}

#[tokio::test]
async fn a_server_says_where_it_listens_and_ends_when_asked() {
    let (_directory, path) = script(
        "trap 'echo bye; exit 7' TERM
         echo \"args: $*\"
         echo 'INFO listening on http://127.0.0.1:4321 now'
         while :; do sleep 0.01; done",
    );
    let mut server = Server::start(&path, &["serve"], &[]).await;
    assert_eq!(server.url(), "http://127.0.0.1:4321");
    assert_eq!(server.logged("args").await, "args: serve --listen 127.0.0.1:0");
    let (code, log) = server.terminate().await;
    assert_eq!(code, 7);
    assert!(log.ends_with("bye"), "{log}");
}

#[tokio::test]
async fn a_server_starts_again_as_it_was_on_the_port_that_it_had() {
    // Takes the port 4321 where it may choose.
    let (_directory, path) = script(
        "port=${3#127.0.0.1:}; [ $port != 0 ] || port=4321
         echo start >>starts
         echo \"$* with $GIVEN $CHANGED for the $(wc -l <starts | tr -d ' ')th time\"
         echo \"listening on http://127.0.0.1:$port\"
         exec sleep 60",
    );
    let mut server = Server::start(&path, &["serve"], &[("GIVEN", "one"), ("CHANGED", "two")]).await;
    server.logged("serve --listen 127.0.0.1:0 with one two for the 1th time").await;
    server.kill().await;
    server.start_again().await;
    assert_eq!(server.url(), "http://127.0.0.1:4321");
    server.logged("serve --listen 127.0.0.1:4321 with one two for the 2th time").await;
    server.terminate().await;
    server.start_again_with(&[("CHANGED", "three")]).await;
    server.logged("serve --listen 127.0.0.1:4321 with one three for the 3th time").await;
    assert!(!server.log().contains("two"), "only the log of the last start is kept");
}

#[tokio::test]
async fn a_server_whose_port_is_taken_for_a_moment_tries_again() {
    let (_directory, path) = script(
        "[ $3 != 127.0.0.1:4321 ] || [ -e tried ] || { touch tried; echo 'Address already in use'; exit 1; }
         echo listening on http://127.0.0.1:4321; exec sleep 60",
    );
    let mut server = Server::start(&path, &["serve"], &[]).await;
    server.kill().await;
    server.start_again().await;
    assert!(server.directory().join("tried").exists());
}

#[tokio::test]
#[should_panic(expected = "already running")]
async fn a_running_server_is_not_started_again() {
    let (_directory, path) = script("echo listening on http://127.0.0.1:4321; exec sleep 60");
    Server::start(&path, &["serve"], &[]).await.start_again().await;
}

#[tokio::test]
#[should_panic(expected = "no such column")]
async fn a_server_that_does_not_start_shows_its_log() {
    let (_directory, path) = script("echo 'no such column' >&2; exit 1");
    Server::start(&path, &["serve"], &[]).await;
}

/// A stand-in that answers one request with what it was sent; the real server has its tests in its own crate.
async fn echo() -> Server {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"}") {
            stream.read_buf(&mut request).await.unwrap();
        }
        let request = String::from_utf8(request).unwrap();
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        let headers: Map<String, Value> = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        let answer = json!({ "headers": headers, "body": serde_json::from_str::<Value>(body).unwrap() }).to_string();
        let length = answer.len();
        let response = format!("HTTP/1.1 503 Busy\r\nretry-after: 1\r\ncontent-length: {length}\r\n\r\n{answer}");
        stream.write_all(response.as_bytes()).await.unwrap();
    });
    let (_directory, path) = script(&format!("echo listening on http://127.0.0.1:{port}; exec sleep 60"));
    Server::start(&path, &["serve"], &[]).await
}

#[tokio::test]
async fn graphql_is_posted_with_the_token() {
    let answer = echo().await.graphql_as("secret", "{ viewer { id } }", json!({ "a": 1 })).await;
    assert_eq!(answer["headers"]["authorization"], "Bearer secret");
    assert_eq!(answer["body"], json!({ "query": "{ viewer { id } }", "variables": { "a": 1 } }));
}

#[tokio::test]
async fn a_question_goes_with_its_headers_and_its_answer_comes_with_status_and_headers() {
    let request = json!({ "query": "{ viewer { id } }", "operationName": null });
    let answer = echo().await.ask(&[("x-request-id", "seven")], &request).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.headers["retry-after"], "1");
    assert_eq!(answer.body["headers"]["x-request-id"], "seven");
    assert_eq!(answer.body["headers"]["content-type"], "application/json");
    assert_eq!(answer.body["body"], request);
}
