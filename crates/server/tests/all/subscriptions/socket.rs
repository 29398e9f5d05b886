//! A client of the sub-protocol `graphql-transport-ws` that sends what a test says and nothing by itself.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tidewater_testkit::Server;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue, StatusCode};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    /// Opens a socket with these headers; `protocol` is what it offers to speak.
    pub(crate) async fn try_open(
        server: &Server,
        protocol: Option<&'static str>,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, StatusCode> {
        let url = format!("{}/graphql", server.url().replace("http://", "ws://"));
        let mut request = url.into_client_request().unwrap();
        let protocol = protocol.map(|protocol| ("sec-websocket-protocol", protocol));
        for (name, value) in headers.iter().copied().chain(protocol) {
            request.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        match timeout(PATIENCE, connect_async(request)).await.expect("no answer") {
            Ok((stream, _)) => Ok(Self { stream }),
            Err(Error::Http(response)) => Err(response.status()),
            // The client's library does not like that the server chose no protocol: it is for tests that send none.
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) async fn open(server: &Server) -> Self {
        Self::try_open(server, Some("graphql-transport-ws"), &[]).await.unwrap()
    }

    /// A connection of the holder of `token`, or of nobody.
    pub(crate) async fn connect(server: &Server, token: Option<&str>) -> Self {
        let mut socket = Self::open(server).await;
        let payload = token.map(|token| json!({ "Authorization": format!("Bearer {token}") }));
        socket.initialise(payload.unwrap_or_default()).await;
        socket
    }

    /// Asks for the connection, and gets it.
    pub(crate) async fn initialise(&mut self, payload: Value) {
        self.send(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(self.next().await, json!({ "type": "connection_ack" }));
    }

    pub(crate) async fn send(&mut self, message: Value) {
        self.send_raw(Message::text(message.to_string())).await;
    }

    pub(crate) async fn send_raw(&mut self, message: Message) {
        self.stream.send(message).await.unwrap();
    }

    pub(crate) async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        self.send(json!({ "id": id, "type": "subscribe", "payload": { "query": query, "variables": variables } }))
            .await;
    }

    /// The next message, but for the server's pings.
    pub(crate) async fn next(&mut self) -> Value {
        match self.receive().await {
            Ok(message) => message,
            Err(close) => panic!("closed: {close:?}"),
        }
    }

    /// The next message, if one comes soon.
    pub(crate) async fn next_within(&mut self, limit: Duration) -> Option<Value> {
        timeout(limit, self.next()).await.ok()
    }

    /// The next result of the operation, without its mark.
    pub(crate) async fn result(&mut self, id: &str) -> Value {
        let mut message = self.next().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("next"), &json!(id)), "{message}");
        let mark = message["payload"].as_object_mut().unwrap().remove("extensions");
        assert!(mark.is_none_or(|mark| mark["tidewater"]["mark"].is_string()));
        message["payload"].take()
    }

    /// The only result of the operation, which is then complete.
    pub(crate) async fn answer(&mut self, id: &str, query: &str, variables: Value) -> Value {
        self.subscribe(id, query, variables).await;
        let result = self.result(id).await;
        assert_eq!(self.next().await, json!({ "id": id, "type": "complete" }));
        result
    }

    /// The code of the error by which the operation ends.
    pub(crate) async fn error(&mut self, id: &str) -> String {
        let message = self.next().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("error"), &json!(id)), "{message}");
        message["payload"][0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("{message}")).to_owned()
    }

    /// How the server closes the socket, whatever it sends before.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        loop {
            if let Err(close) = self.receive().await {
                return close.expect("a close frame");
            }
        }
    }

    /// Waits until the connection ends, with a close frame or without.
    pub(crate) async fn ended(&mut self) {
        while self.receive().await.is_ok() {}
    }

    /// A message but a ping, or how the socket was closed.
    pub(crate) async fn receive(&mut self) -> Result<Value, Option<(u16, String)>> {
        timeout(PATIENCE, self.receive_whenever()).await.expect("nothing comes but pings")
    }

    async fn receive_whenever(&mut self) -> Result<Value, Option<(u16, String)>> {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => {
                    let message: Value = serde_json::from_str(&text).unwrap();
                    if message["type"] != "ping" {
                        return Ok(message);
                    }
                }
                Some(Ok(Message::Close(frame))) => {
                    let close = frame.map(|frame| (u16::from(frame.code), frame.reason.to_string()));
                    // Lets the library answer.
                    let _ = timeout(PATIENCE, self.stream.next()).await;
                    return Err(close);
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    /// The next message, a ping too.
    pub(crate) async fn next_of_all(&mut self) -> Value {
        match timeout(PATIENCE, self.stream.next()).await.expect("nothing comes") {
            Some(Ok(Message::Text(text))) => serde_json::from_str(&text).unwrap(),
            other => panic!("{other:?}"),
        }
    }
}
