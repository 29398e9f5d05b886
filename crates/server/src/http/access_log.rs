//! One log record for each request, without anything that the client might want to keep secret: no query string, no header.

use std::time::Instant;

use axum::http::{HeaderValue, Method, Request, StatusCode, Uri};
use tracing::Level;

use super::request_id;

/// Written when it is dropped, because a client that goes away takes the request's future along.
pub(super) struct Record(Option<Begun>);

struct Begun {
    method: Method,
    uri: Uri,
    id: HeaderValue,
    started: Instant,
    status: Option<u16>,
}

impl Record {
    /// Of a request that arrives now. Costs next to nothing if nobody wants to read it.
    pub(super) fn begin<B>(request: &Request<B>, id: &HeaderValue) -> Self {
        Self(tracing::enabled!(Level::INFO).then(|| Begun {
            method: request.method().clone(),
            uri: request.uri().clone(),
            id: id.clone(),
            started: Instant::now(),
            status: None,
        }))
    }

    /// The request has been answered.
    pub(super) fn end(&mut self, status: StatusCode) {
        if let Some(begun) = &mut self.0 {
            begun.status = Some(status.as_u16());
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let Some(Begun { method, uri, id, started, status }) = &self.0 else { return };
        let (path, duration_ms) = (uri.path(), started.elapsed().as_micros() as f64 / 1_000.0);
        let _span = request_id::span(id).entered();
        match status {
            Some(status) if path.starts_with("/health/") => {
                tracing::debug!(%method, path, status, duration_ms, "answered")
            }
            Some(status) => tracing::info!(%method, path, status, duration_ms, "answered"),
            None => tracing::info!(%method, path, duration_ms, "the client went away before the answer"),
        }
    }
}
