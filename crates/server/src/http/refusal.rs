//! Answers to requests that never reach GraphQL, in the form of a GraphQL error.

use std::any::Any;
use std::time::Duration;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::header::{ACCEPT, ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tidewater_limit::Exceeded;

use super::media_type::MediaType;
use super::rate_limit;

/// Why a request is not carried out.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    /// The status in `application/json`.
    status_in_json: StatusCode,
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
    /// It cannot be read.
    pub(super) fn malformed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BAD_USER_INPUT", message)
    }

    /// It asks for a WebSocket, but not as is done (RFC 6455, section 4.1).
    pub(super) fn handshake(rejection: &WebSocketUpgradeRejection) -> Self {
        Self::malformed(format!("this is no handshake of a WebSocket: {rejection}"))
    }

    /// It can be read, but is not a GraphQL request.
    pub(super) fn ill_formed(message: impl Into<String>) -> Self {
        let refusal = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "BAD_USER_INPUT", message);
        Self { status_in_json: StatusCode::BAD_REQUEST, ..refusal }
    }

    /// It is a GraphQL request, whose document is not acceptable.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        let refusal = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "BAD_USER_INPUT", message);
        Self { status_in_json: StatusCode::OK, ..refusal }
    }

    /// It names a document by a name that none has. Clients send the text next, so it is told in the words of the protocol.
    pub(super) fn persisted_query_not_found() -> Self {
        Self::of_persisted_query("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
    }

    /// It names a document by a hash, and such documents are not kept here. Clients send texts alone from then on.
    pub(super) fn without_persisted_queries() -> Self {
        Self::of_persisted_query("PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported")
    }

    /// It sends a document that is not one of those which alone are executed here.
    pub(super) fn not_trusted() -> Self {
        let message = "this server executes no documents but those that it was given; name one of them by `documentId`";
        let refusal = Self::new(StatusCode::FORBIDDEN, "DOCUMENT_NOT_TRUSTED", message);
        Self { status_in_json: StatusCode::OK, ..refusal }
    }

    fn of_persisted_query(code: &'static str, message: &str) -> Self {
        Self { code, ..Self::invalid(message) }
    }

    /// Its body is of another type. That is asked for because a page of another origin cannot send this type with the session's
    /// cookie unless this server allows it.
    pub(super) fn media_type() -> Self {
        let message = "POST needs `Content-Type: application/json`, in UTF-8";
        let told = Told::Header(ACCEPT, HeaderValue::from_static("application/json"));
        Self { told, ..Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "BAD_USER_INPUT", message) }
    }

    /// Its body is compressed. A short one could stand for one of any length, so that the limit on bodies would be none.
    pub(super) fn encoding() -> Self {
        let message = "the request body must not be encoded: send it without `Content-Encoding`";
        let told = Told::Header(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        Self { told, ..Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "BAD_USER_INPUT", message) }
    }

    /// It accepts no media type that a response can have.
    pub(super) fn not_acceptable() -> Self {
        let message = "the answer would be `application/graphql-response+json` or `application/json`, in UTF-8";
        Self::new(StatusCode::NOT_ACCEPTABLE, "BAD_USER_INPUT", message)
    }

    /// Its method is not for GraphQL.
    pub(super) fn method() -> Self {
        let told = Told::Header(ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
        let message = "a GraphQL request is sent by POST, or by GET if it is a query";
        Self { told, ..Self::new(StatusCode::METHOD_NOT_ALLOWED, "BAD_USER_INPUT", message) }
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

    /// Its body had not come after `limit`.
    pub(super) fn too_slow(limit: Duration) -> Self {
        let message = format!("the request body took longer than {} to arrive", humantime::format_duration(limit));
        Self::new(StatusCode::REQUEST_TIMEOUT, "TIMEOUT", message)
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
        Self { status, status_in_json: status, code, message: message.into(), told: Told::Nothing }
    }

    /// Whether it is what became of a GraphQL request, rather than of one that is none.
    pub(super) fn is_response(&self) -> bool {
        self.status_in_json == StatusCode::OK
    }

    /// The statuses of its answers, in `application/graphql-response+json` and in `application/json`.
    pub(super) fn statuses(&self) -> (u16, u16) {
        (self.status.as_u16(), self.status_in_json.as_u16())
    }

    /// The response, in JSON.
    pub(super) fn body(&self) -> String {
        json!({ "errors": self.errors() }).to_string()
    }

    /// The errors of the response.
    pub(super) fn errors(&self) -> Value {
        let Self { code, message, told, .. } = self;
        let mut extensions = json!({ "code": code });
        if let Told::Limit(exceeded) = told {
            extensions["retryAfter"] = exceeded.retry_after_seconds().into();
        }
        json!([{ "message": message, "extensions": extensions }])
    }

    /// The answer in this media type.
    pub(super) fn answer(self, media: MediaType) -> Response {
        let status = if media == MediaType::Json { self.status_in_json } else { self.status };
        let headers = [(CONTENT_TYPE, media.header()), (CACHE_CONTROL, HeaderValue::from_static("no-store"))];
        let mut response = (status, headers, self.body()).into_response();
        match self.told {
            Told::Nothing => {}
            Told::Header(name, value) => drop(response.headers_mut().insert(name, value)),
            Told::Limit(exceeded) => rate_limit::refuse(response.headers_mut(), &exceeded),
        }
        response
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        self.answer(MediaType::Json)
    }
}

/// The answer where a handler panicked. What it said is in the log.
pub(super) fn of_panic(_: Box<dyn Any + Send + 'static>) -> Response {
    Refusal::failed().into_response()
}
