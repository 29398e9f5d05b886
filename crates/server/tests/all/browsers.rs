//! What browsers let pages do: those of other origins, and the server's own.

use reqwest::{Method, Response};
use serde_json::{Value, json};
use tidewater_testkit::Server;

use crate::fixture::{on_sqlite, sign_in};

const ORIGINS: [&str; 2] = ["--cors-origins", "https://app.example.com, http://localhost:5173"];

/// What a browser asks before a page of `origin` may post.
async fn preflight(server: &Server, origin: &str) -> Response {
    let request =
        server.client().request(Method::OPTIONS, format!("{}/graphql", server.url())).header("origin", origin);
    let request = request.header("access-control-request-method", "POST");
    request.header("access-control-request-headers", "content-type,tidewater-mark").send().await.unwrap()
}

async fn ask(server: &Server, headers: &[(&str, &str)]) -> Response {
    server
        .post_raw(&[&[("content-type", "application/json")], headers].concat(), r#"{"query": "{ __typename }"}"#)
        .await
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn other_origins_have_no_leave_by_default() {
    let (_database, server) = on_sqlite(&[]).await;
    let asked = preflight(&server, "https://app.example.com").await;
    assert_eq!(asked.status(), 405);
    for response in [asked, ask(&server, &[("origin", "https://app.example.com")]).await] {
        assert!(response.headers().keys().all(|name| !name.as_str().starts_with("access-control")));
    }
}

#[tokio::test]
async fn origins_that_are_named_have_leave_and_no_others() {
    let (_database, server) = on_sqlite(&ORIGINS).await;
    for origin in ["https://app.example.com", "http://localhost:5173"] {
        let asked = preflight(&server, origin).await;
        assert_eq!(asked.status(), 200);
        assert_eq!(header(&asked, "access-control-allow-origin"), Some(origin));
        assert_eq!(header(&asked, "access-control-allow-credentials"), Some("true"));
        assert_eq!(header(&asked, "access-control-allow-methods"), Some("GET,POST"));
        assert_eq!(header(&asked, "access-control-allow-headers"), Some("content-type,tidewater-mark"));
        let answer = ask(&server, &[("origin", origin)]).await;
        assert_eq!(header(&answer, "access-control-allow-origin"), Some(origin));
        assert_eq!(header(&answer, "access-control-allow-credentials"), Some("true"));
        assert!(header(&answer, "access-control-expose-headers").unwrap().contains("tidewater-mark"));
        assert!(header(&answer, "vary").unwrap().contains("origin"));
    }
    for origin in ["https://evil.example", "http://app.example.com", "https://app.example.com.evil.example", "null"] {
        for response in [preflight(&server, origin).await, ask(&server, &[("origin", origin)]).await] {
            assert_eq!(header(&response, "access-control-allow-origin"), None, "{origin}");
        }
    }
    let get = server.client().get(format!("{}/graphql?query=%7B__typename%7D", server.url()));
    let response = get.header("origin", "https://evil.example").send().await.unwrap();
    assert_eq!(header(&response, "access-control-allow-origin"), None);
    let varying: Vec<_> = response.headers().get_all("vary").iter().map(|value| value.to_str().unwrap()).collect();
    assert!(varying.join(", ").contains("origin") && varying.join(", ").contains("accept-encoding"), "{varying:?}");
}

/// A page of another origin can send, without asking, what a form can: GET, and POST in three types (Fetch, "CORS-safelisted
/// request-header"). The cookie may go along from sites of the same registrable domain.
#[tokio::test]
async fn what_needs_no_leave_changes_nothing() {
    for arguments in [&[][..], &ORIGINS] {
        let (_database, server) = on_sqlite(arguments).await;
        let cookie = format!("tidewater_session={}", sign_in(&server, 2).await);
        let mutation = json!({ "query": "mutation { signOut { user { id } } }" }).to_string();
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "text/plain; application/json",
            "",
        ] {
            let headers = [("content-type", kind), ("cookie", cookie.as_str()), ("origin", "https://evil.example")];
            assert_eq!(server.post_raw(&headers, mutation.clone()).await.status(), 415, "{kind}");
        }
        let url = format!("{}/graphql?query=mutation%7BsignOut%7Buser%7Bid%7D%7D%7D", server.url());
        let got = server.client().get(url).header("cookie", &cookie).send().await.unwrap();
        assert_eq!(got.status(), 405);
        let headers = [("content-type", "application/json"), ("cookie", cookie.as_str())];
        let viewer = server.post_raw(&headers, r#"{"query": "{ viewer { id } }"}"#).await;
        assert!(viewer.json::<Value>().await.unwrap()["data"]["viewer"]["id"].is_string(), "it was signed out");
    }
}

#[tokio::test]
async fn every_answer_is_shielded() {
    let (_database, server) = on_sqlite(&[]).await;
    let get = async |path: &str| server.client().get(format!("{}{path}", server.url())).send().await.unwrap();
    for response in [
        ask(&server, &[]).await,
        server.post_raw(&[], "").await,
        preflight(&server, "https://evil.example").await,
        get("/").await,
        get("/studio").await,
        get("/graphql?query=%7B__typename%7D").await,
        get("/health/ready").await,
        get("/exports/x").await,
        get("/nothing").await,
    ] {
        let url = response.url().clone();
        assert_eq!(header(&response, "x-content-type-options"), Some("nosniff"), "{url}");
        assert_eq!(header(&response, "x-frame-options"), Some("DENY"), "{url}");
        assert_eq!(header(&response, "referrer-policy"), Some("no-referrer"), "{url}");
        assert_eq!(header(&response, "cross-origin-resource-policy"), Some("same-origin"), "{url}");
        let policy = header(&response, "content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{url}");
        let is_page = header(&response, "content-type").is_some_and(|kind| kind.starts_with("text/html"));
        assert_eq!(policy.contains("script-src 'self'"), is_page, "{url}");
        assert!(!policy.contains("unsafe-eval") && !policy.contains("script-src 'self' 'unsafe-inline'"), "{url}");
    }
}
