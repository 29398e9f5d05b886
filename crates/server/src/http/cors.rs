//! Pages of other origins that may use this server (CORS, <https://fetch.spec.whatwg.org/#http-cors-protocol>).

use std::convert::Infallible;
use std::time::Duration;

use axum::http::header::{CONTENT_DISPOSITION, ETAG, RETRY_AFTER};
use axum::http::{HeaderName, Method, Request};
use axum::response::Response;
use hyper::body::Incoming;
use tower::{Layer, ServiceExt, service_fn};
use tower_http::cors::{AllowHeaders, CorsLayer};

use crate::configuration::Origins;

/// How long browsers may remember what they were allowed; they have upper bounds of their own.
const MAX_AGE: Duration = Duration::from_secs(60 * 60);

/// The headers of an answer that are not for every page to read unless it is said. What an answer tells, its headers tell.
const EXPOSED: [HeaderName; 11] = [
    HeaderName::from_static("age"),
    HeaderName::from_static("cache-status"),
    CONTENT_DISPOSITION,
    ETAG,
    HeaderName::from_static("idempotency-replayed"),
    HeaderName::from_static("ratelimit"),
    HeaderName::from_static("ratelimit-policy"),
    RETRY_AFTER,
    HeaderName::from_static("server-timing"),
    HeaderName::from_static("tidewater-mark"),
    HeaderName::from_static("x-request-id"),
];

/// What is allowed to pages of certain origins: all that is allowed to those of this server's own. No other origin is ever told yes,
/// and none is told "whoever you are".
#[derive(Clone, Debug)]
pub(super) struct Cors(CorsLayer);

impl Cors {
    /// None where there are no such origins: then nobody is told anything.
    pub(super) fn new(origins: &Origins) -> Option<Self> {
        let layer = || {
            CorsLayer::new()
                .allow_origin(origins.0.clone())
                .allow_credentials(true)
                .allow_methods([Method::GET, Method::POST])
                // An origin that may send the session along may send any other header.
                .allow_headers(AllowHeaders::mirror_request())
                .expose_headers(EXPOSED)
                .max_age(MAX_AGE)
        };
        (!origins.0.is_empty()).then(|| Self(layer()))
    }

    /// Answers a question of a browser whether it may send something, and has `answer` answer everything else.
    pub(super) async fn answer<F>(
        &self,
        request: Request<Incoming>,
        answer: impl FnMut(Request<Incoming>) -> F,
    ) -> Response
    where
        F: Future<Output = Result<Response, Infallible>>,
    {
        match self.0.layer(service_fn(answer)).oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}
