//! Answers to requests that never reach GraphQL, in the form of a GraphQL error.

use std::any::Any;
use std::time::Duration;

use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tidewater_limit::Exceeded;

use super::rate_limit;

/// Why a request is not carried out.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
    told: Told,
}

/// What else the answer tells.
#[derive(Debug)]
enum Told {
    Nothing,
    Header(HeaderName, HeaderValue),
    Limit(Exceeded),
}

impl Refusal {
    /// It is not a GraphQL request over HTTP.
    pub(super) fn malformed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BAD_USER_INPUT", message)
    }

    /// Its body is of another type. That is asked for because a page of another origin cannot send this type with the session's
    /// cookie unless this server allows it.
    pub(super) fn media_type() -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "BAD_USER_INPUT", "POST needs `Content-Type: application/json`")
    }

    /// It asks for a mutation by GET, which a link on a foreign page can do.
    pub(super) fn mutation_by_get() -> Self {
        let message = "a mutation is sent by POST";
        let told = Told::Header(ALLOW, HeaderValue::from_static("POST"));
        Self { told, ..Self::new(StatusCode::METHOD_NOT_ALLOWED, "BAD_USER_INPUT", message) }
    }

    /// Its body is longer than `limit` bytes.
    pub(super) fn too_large(limit: usize) -> Self {
        let message = format!("the request body is larger than {limit} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "BAD_USER_INPUT", message)
    }

    /// It took longer than `limit`.
    pub(super) fn timed_out(limit: Duration) -> Self {
        let limit = humantime::format_duration(limit);
        let message =
            format!("the request took longer than {limit}; a mutation may have been carried out all the same");
        Self::new(StatusCode::GATEWAY_TIMEOUT, "TIMEOUT", message)
    }

    /// There are as many requests under way as there may be.
    pub(super) fn busy() -> Self {
        let message = "the server is busy; try again in a second";
        let told = Told::Header(RETRY_AFTER, HeaderValue::from_static("1"));
        Self { told, ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", message) }
    }

    /// Whoever sent it has sent too many.
    pub(super) fn rate_limited(exceeded: Exceeded) -> Self {
        let message = exceeded.to_string();
        Self { told: Told::Limit(exceeded), ..Self::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", message) }
    }

    /// There is no such export for whoever asks.
    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", "there is no such export")
    }

    /// A page of another origin asks, with a cookie that it cannot know of.
    pub(super) fn foreign_origin() -> Self {
        let message = "pages of this origin may not open a WebSocket with the session's cookie";
        Self::new(StatusCode::FORBIDDEN, "FORBIDDEN", message)
    }

    /// The export has no file yet, or will never have one.
    pub(super) fn unfinished() -> Self {
        Self::new(StatusCode::CONFLICT, "CONFLICT", "this export is not done")
    }

    /// The file of the export is not kept any more.
    pub(super) fn expired() -> Self {
        Self::new(StatusCode::GONE, "NOT_FOUND", "this export has expired; ask for a new one")
    }

    /// The server is at fault. Why is in the log.
    pub(super) fn failed() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "the server failed; its log says more")
    }

    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), told: Told::Nothing }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self { status, code, message, told } = self;
        let mut extensions = json!({ "code": code });
        if let Told::Limit(exceeded) = &told {
            extensions["retryAfter"] = exceeded.retry_after_seconds().into();
        }
        let body = json!({ "errors": [{ "message": message, "extensions": extensions }] });
        let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
        let mut response = (status, headers, body.to_string()).into_response();
        match told {
            Told::Nothing => {}
            Told::Header(name, value) => drop(response.headers_mut().insert(name, value)),
            Told::Limit(exceeded) => rate_limit::refuse(response.headers_mut(), &exceeded),
        }
        response
    }
}

/// The answer where a handler panicked. What it said is in the log.
pub(super) fn of_panic(_: Box<dyn Any + Send + 'static>) -> Response {
    Refusal::failed().into_response()
}
