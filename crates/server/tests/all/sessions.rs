use reqwest::Response;
use serde_json::{Value, json};
use tidewater_testkit::Server;

use crate::fixture::{credentials, on_sqlite, sign_in};

const JSON: (&str, &str) = ("content-type", "application/json");
const SIGN_IN: &str = "mutation($input: SignInInput!) { signIn(input: $input) { token } }";
const SIGN_OUT: &str = "mutation { signOut { __typename } }";
const VIEWER: &str = "{ viewer { email } }";

#[tokio::test]
async fn signing_in_gives_a_cookie_and_signing_out_takes_it() {
    let (_database, server) = on_sqlite(&[]).await;
    let signed_in = post(&server, &[], SIGN_IN, credentials(2)).await;
    let cookie = set_cookie(&signed_in);
    for part in ["Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=7776000"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "a loopback address has no TLS: {cookie}");
    let token = signed_in.json::<Value>().await.unwrap()["data"]["signIn"]["token"].as_str().unwrap().to_owned();
    assert!(cookie.starts_with(&format!("tidewater_session={token};")), "{cookie}");

    let session = format!("theme=dark; tidewater_session={token}");
    assert_eq!(viewer(&server, &[("cookie", &session)]).await, json!("user2@example.test"));
    let signed_out = post(&server, &[("cookie", &session)], SIGN_OUT, Value::Null).await;
    assert!(set_cookie(&signed_out).starts_with("tidewater_session=; Path=/; Max-Age=0"));
    assert_eq!(viewer(&server, &[("cookie", &session)]).await, Value::Null);
}

#[tokio::test]
async fn a_bearer_token_counts_before_a_cookie() {
    let (_database, server) = on_sqlite(&[]).await;
    let (second, third) = (sign_in(&server, 2).await, sign_in(&server, 3).await);
    let (bearer, cookie) = (format!("Bearer {second}"), format!("tidewater_session={third}"));
    assert_eq!(viewer(&server, &[("cookie", &cookie)]).await, json!("user3@example.test"));
    assert_eq!(viewer(&server, &[("cookie", &cookie), ("authorization", &bearer)]).await, json!("user2@example.test"));
}

#[tokio::test]
async fn a_failed_sign_in_gives_no_cookie() {
    let (_database, server) = on_sqlite(&[]).await;
    let wrong = json!({ "input": { "email": "user2@example.test", "password": "wrong wrong" } });
    let response = post(&server, &[], SIGN_IN, wrong).await;
    assert!(response.headers().get("set-cookie").is_none());
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{answer}\n{}", server.log());
}

#[tokio::test]
async fn a_public_server_keeps_its_cookie_to_https() {
    let (_database, server) = on_sqlite(&["--secure-cookie", "on"]).await;
    let cookie = set_cookie(&post(&server, &[], SIGN_IN, credentials(2)).await);
    assert!(cookie.ends_with("; Secure"), "{cookie}");
}

async fn post(server: &Server, headers: &[(&str, &str)], query: &str, variables: Value) -> Response {
    let body = json!({ "query": query, "variables": variables }).to_string();
    server.post_raw(&[&[JSON], headers].concat(), body).await
}

async fn viewer(server: &Server, headers: &[(&str, &str)]) -> Value {
    let answer: Value = post(server, headers, VIEWER, Value::Null).await.json().await.unwrap();
    assert!(answer.get("errors").is_none(), "{answer}\n{}", server.log());
    answer["data"]["viewer"]["email"].clone()
}

fn set_cookie(response: &Response) -> String {
    response.headers()["set-cookie"].to_str().unwrap().to_owned()
}
