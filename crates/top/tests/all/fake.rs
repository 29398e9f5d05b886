//! Whatever may answer in a server's place.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What it answers to everything.
#[derive(Clone)]
pub(crate) struct Fake {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Fake {
    /// Refuses with this code.
    pub(crate) fn refusing(code: &str) -> Self {
        let extensions = json!({ "code": code, "retryAfter": 7 });
        Self::json(json!({ "errors": [{ "message": "why", "extensions": extensions }] }))
    }

    /// Answers with this.
    pub(crate) fn json(body: Value) -> Self {
        Self { status: 200, body: body.to_string() }
    }

    /// Starts it, and returns its address.
    pub(crate) async fn start(self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(self);
        tokio::spawn(async { axum::serve(listener, router).await });
        url
    }
}

async fn answer(State(fake): State<Fake>) -> Response {
    let status = StatusCode::from_u16(fake.status).unwrap();
    (status, [(CONTENT_TYPE, "application/json")], fake.body).into_response()
}
