//! One log record for each request, without anything that the client might want to keep secret: no query string, no header.

use std::time::Instant;

use axum::extract::Request;
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;

pub(super) async fn record(request: Request, next: Next) -> Response {
    let mut record = Record {
        method: request.method().clone(),
        path: request.uri().path().to_owned(),
        started: Instant::now(),
        status: None,
    };
    let response = next.run(request).await;
    record.status = Some(response.status().as_u16());
    response
}

/// Written when it is dropped, because a client that goes away takes the request's future along.
struct Record {
    method: Method,
    path: String,
    started: Instant,
    status: Option<u16>,
}

impl Drop for Record {
    fn drop(&mut self) {
        let Self { method, path, started, status } = self;
        let duration_ms = started.elapsed().as_micros() as f64 / 1_000.0;
        match status {
            Some(status) if path.starts_with("/health/") => {
                tracing::debug!(%method, path, status, duration_ms, "answered")
            }
            Some(status) => tracing::info!(%method, path, status, duration_ms, "answered"),
            None => tracing::info!(%method, path, duration_ms, "the client went away before the answer"),
        }
    }
}
