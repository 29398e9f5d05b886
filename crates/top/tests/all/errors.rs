//! What is said of a server that cannot be looked at.

use std::time::Duration;

use axum::Router;
use axum::response::Redirect;
use serde_json::json;
use tidewater_top::{Settings, once};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::fake::Fake;

const TOKEN: &str = "a-secret-token";

async fn sentence(url: &str, token: Option<&str>) -> String {
    let interval = Duration::from_secs(1);
    let settings = Settings { url: url.to_owned(), token: token.map(str::to_owned), interval, is_coloured: false };
    let sentence = once(&settings).await.err().unwrap().to_string();
    assert!(!sentence.contains(TOKEN) && !sentence.contains('\n'), "{sentence}");
    sentence
}

#[tokio::test]
async fn each_refusal_is_a_sentence_that_says_what_to_do() {
    for (code, token, expected) in [
        ("UNAUTHENTICATED", None, "set TIDEWATER_TOKEN to a token"),
        ("UNAUTHENTICATED", Some(TOKEN), "sign in again"),
        ("FORBIDDEN", Some(TOKEN), "not of an ADMIN"),
        ("RATE_LIMITED", None, "wait for 7 s"),
        ("DOCUMENT_NOT_TRUSTED", None, "trusted documents"),
        ("BAD_USER_INPUT", None, "of the server's own version"),
        ("UNAVAILABLE", None, "(UNAVAILABLE): why"),
        ("GRAPHQL_VALIDATION_FAILED", None, "does not answer like a Tidewater server (HTTP status 200)"),
    ] {
        let sentence = sentence(&Fake::refusing(code).start().await, token).await;
        assert!(sentence.contains(expected), "{code}: {sentence}");
    }
}

#[tokio::test]
async fn what_is_no_server_of_this_kind_is_told_from_one() {
    let page = |status| Fake { status, body: "<html>".to_owned() };
    for (fake, expected) in [
        (page(404), "does not answer like a Tidewater server (HTTP status 404)"),
        (page(302), "(HTTP status 302)"),
        (page(401), "refuses (HTTP status 401) before Tidewater is asked"),
        (page(403), "refuses (HTTP status 403) before Tidewater is asked"),
        (Fake::json(json!({})), "does not answer like a Tidewater server"),
        (Fake::json(json!({ "data": { "tide": { "server": 1 } } })), "of the server's own version"),
    ] {
        let sentence = sentence(&fake.start().await, None).await;
        assert!(sentence.contains(expected), "{sentence}");
    }
}

#[tokio::test]
async fn what_is_too_long_is_no_answer_however_well_it_is_formed() {
    for (bytes, expected) in [(7 << 20, "not of an ADMIN"), (9 << 20, "does not answer like a Tidewater server")] {
        let error = json!({ "message": "why", "extensions": { "code": "FORBIDDEN" } });
        let fake = Fake::json(json!({ "errors": [error], "extensions": "x".repeat(bytes) }));
        let sentence = sentence(&fake.start().await, Some(TOKEN)).await;
        assert!(sentence.contains(expected), "{sentence}");
    }
}

#[tokio::test]
async fn nobody_is_followed_to_another_address() {
    let another = Fake::refusing("FORBIDDEN").start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(move || async move { Redirect::temporary(&another) });
    tokio::spawn(async { axum::serve(listener, router).await });
    let sentence = sentence(&url, Some(TOKEN)).await;
    assert!(sentence.contains("(HTTP status 307)"), "{sentence}");
}

#[tokio::test]
async fn what_is_no_http_is_told_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut read = [0; 64];
            let _ = socket.read(&mut read).await;
            // A TLS alert: unexpected message.
            let _ = socket.write_all(&[21, 3, 3, 0, 2, 2, 10]).await;
        }
    });
    let sentence = sentence(&url, None).await;
    assert!(sentence.contains("if TLS is spoken there"), "{sentence}");
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_not_waited_for_any_longer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    assert_eq!(
        timeout(Duration::from_secs(30), sentence(&url, None)).await.unwrap(),
        format!("{url} has not answered within 8 s: see in its log what holds it up")
    );
}

#[tokio::test]
async fn nobody_at_all_is_told_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    assert_eq!(
        sentence(&url, None).await,
        format!("{url} cannot be reached (nobody listens there): start the server, or name another with --url")
    );
    let sentence = sentence("http://nowhere.invalid", None).await;
    assert!(sentence.contains("its name is not known"), "{sentence}");
}
