//! Who may open a socket, and as whom.

use serde_json::{Value, json};
use tidewater_testkit::Server;
use tokio_tungstenite::tungstenite::http::StatusCode;

use super::socket::Socket;
use crate::fixture::{on_sqlite, sign_in};

const PROTOCOL: Option<&str> = Some("graphql-transport-ws");
const VIEWER: &str = "{ viewer { email } }";

async fn viewer(socket: &mut Socket) -> Value {
    socket.answer("viewer", VIEWER, Value::Null).await["data"]["viewer"]["email"].clone()
}

async fn opened(server: &Server, headers: &[(&'static str, &str)]) -> Socket {
    Socket::try_open(server, PROTOCOL, headers).await.unwrap()
}

#[tokio::test]
async fn the_credential_is_a_cookie_a_header_or_a_payload() {
    let (_database, server) = on_sqlite(&[]).await;
    let (second, third) = (sign_in(&server, 2).await, sign_in(&server, 3).await);
    let (cookie, bearer) = (format!("tidewater_session={second}"), format!("Bearer {third}"));
    let mut socket = opened(&server, &[("cookie", &cookie)]).await;
    socket.initialise(Value::Null).await;
    assert_eq!(viewer(&mut socket).await, "user2@example.test");
    let mut socket = opened(&server, &[("authorization", &bearer), ("cookie", &cookie)]).await;
    socket.initialise(Value::Null).await;
    assert_eq!(viewer(&mut socket).await, "user3@example.test", "a header counts before a cookie");
    let mut socket = opened(&server, &[("cookie", &cookie)]).await;
    socket.initialise(json!({ "authorization": bearer })).await;
    assert_eq!(viewer(&mut socket).await, "user3@example.test", "a payload counts before both");
    let mut socket = Socket::connect(&server, None).await;
    assert_eq!(viewer(&mut socket).await, Value::Null);
}

#[tokio::test]
async fn a_credential_that_was_sent_on_purpose_has_to_be_good() {
    let (_database, server) = on_sqlite(&[]).await;
    for payload in
        [json!({ "Authorization": "Bearer x" }), json!({ "Authorization": "Basic x" }), json!({ "Authorization": 1 })]
    {
        let mut socket = Socket::open(&server).await;
        socket.send(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.closed().await, (4403, "Forbidden".to_owned()), "{payload}");
    }
    let mut socket = opened(&server, &[("authorization", "Bearer x")]).await;
    socket.send(json!({ "type": "connection_init" })).await;
    assert_eq!(socket.closed().await.0, 4403);
    // A browser sends an old cookie by itself.
    let mut socket = opened(&server, &[("cookie", "tidewater_session=x")]).await;
    socket.initialise(Value::Null).await;
    assert_eq!(viewer(&mut socket).await, Value::Null);
}

#[tokio::test]
async fn pages_of_other_origins_cannot_use_the_cookie() {
    let (_database, server) = on_sqlite(&["--cors-origins", "https://app.example.com"]).await;
    let token = sign_in(&server, 2).await;
    let (cookie, bearer) = (format!("tidewater_session={token}"), format!("Bearer {token}"));
    let (cookie, bearer) = (("cookie", cookie.as_str()), ("authorization", bearer.as_str()));
    for origin in ["https://evil.example.com", "null"] {
        let origin = ("origin", origin);
        let refused = Socket::try_open(&server, PROTOCOL, &[origin, cookie]).await.err();
        assert_eq!(refused, Some(StatusCode::FORBIDDEN), "{origin:?}");
        // Without a cookie, or with what a page has to know, there is nothing to take advantage of.
        opened(&server, &[origin]).await.initialise(Value::Null).await;
        opened(&server, &[origin, cookie, bearer]).await.initialise(Value::Null).await;
    }
    for origin in [server.url(), "https://app.example.com"] {
        opened(&server, &[("origin", origin), cookie]).await.initialise(Value::Null).await;
    }
}

#[tokio::test]
async fn only_so_many_sockets_are_open() {
    let (_database, server) = on_sqlite(&["--max-streams", "1"]).await;
    let first = Socket::connect(&server, None).await;
    assert_eq!(Socket::try_open(&server, PROTOCOL, &[]).await.err(), Some(StatusCode::SERVICE_UNAVAILABLE));
    drop(first);
    crate::fixture::eventually("there is room again", async || Socket::try_open(&server, PROTOCOL, &[]).await.is_ok())
        .await;
}

#[tokio::test]
async fn one_client_has_only_so_many_sockets() {
    let (_database, server) = on_sqlite(&["--max-client-streams", "1", "--trusted-proxies", "127.0.0.1"]).await;
    let open = async |client: &str| Socket::try_open(&server, PROTOCOL, &[("x-forwarded-for", client)]).await;
    let first = open("192.0.2.1").await.unwrap();
    assert_eq!(open("192.0.2.1").await.err(), Some(StatusCode::SERVICE_UNAVAILABLE));
    assert!(open("192.0.2.2").await.is_ok(), "another client is kept out");
    drop(first);
    crate::fixture::eventually("there is room again", async || open("192.0.2.1").await.is_ok()).await;
}

#[tokio::test]
async fn what_is_no_handshake_is_refused() {
    let (_database, server) = on_sqlite(&[]).await;
    let connection = ("connection", "upgrade");
    let (version, key) = (("sec-websocket-version", "13"), ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="));
    for (headers, wrong) in [
        (&[][..], "Connection header"),
        (&[connection, key, ("sec-websocket-version", "12")], "`Sec-WebSocket-Version`"),
        (&[connection, version], "`Sec-WebSocket-Key`"),
    ] {
        let mut request = server.client().get(format!("{}/graphql", server.url())).header("upgrade", "websocket");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST.as_u16());
        assert_eq!(response.headers()["content-type"], "application/json; charset=utf-8");
        let answer: Value = response.json().await.unwrap();
        let error = &answer["errors"][0];
        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{answer}");
        assert!(error["message"].as_str().unwrap().contains(wrong), "{wrong}: {answer}");
    }
}
