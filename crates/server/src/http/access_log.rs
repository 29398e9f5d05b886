//! One log record for each request, without anything that the client might want to keep secret: no query string, no header.

use std::time::Instant;

use axum::http::{Method, Request, StatusCode, Uri};
use tracing::Level;

use super::health;
use super::trail::Trail;

/// Written when it is dropped, because a client that goes away takes the request's future along.
pub(super) struct Record(Option<Begun>);

struct Begun {
    method: Method,
    uri: Uri,
    trail: Trail,
    arrived: Instant,
    status: Option<u16>,
}

impl Record {
    /// Of a request that has arrived. Costs next to nothing if nobody wants to read it.
    pub(super) fn begin<B>(request: &Request<B>, trail: &Trail, arrived: Instant) -> Self {
        Self(tracing::enabled!(Level::INFO).then(|| Begun {
            method: request.method().clone(),
            uri: request.uri().clone(),
            trail: trail.clone(),
            arrived,
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
        let Some(Begun { method, uri, trail, arrived, status }) = &self.0 else { return };
        let (path, duration_ms) = (uri.path(), arrived.elapsed().as_micros() as f64 / 1_000.0);
        let _span = trail.log_span().entered();
        match status {
            Some(status) if health::is_probed(path) => {
                tracing::debug!(%method, path, status, duration_ms, "answered")
            }
            Some(status) => tracing::info!(%method, path, status, duration_ms, "answered"),
            None => tracing::info!(%method, path, duration_ms, "the client went away before the answer"),
        }
    }
}
