//! By what a request is found in logs and traces: its id, and its place in a trace.

use axum::http::{HeaderValue, Method, Request, StatusCode, Version};
use tidewater_graphql::OperationLabel;
use tracing::{Span, field};

use super::{exports, graphql, health, request_id};
use crate::telemetry::{Carried, Decision, Place, ROOT, Tracer};

/// By what a request is found.
#[derive(Clone, Debug)]
pub(super) struct Trail {
    id: HeaderValue,
    /// What a trace tells of it; disabled unless it is traced.
    span: Span,
    place: Option<Place>,
}

/// The request by which a WebSocket was opened, for what comes over it.
#[derive(Clone, Debug)]
pub(super) struct Upgrade {
    id: HeaderValue,
    origin: Option<Carried>,
}

impl Trail {
    /// Of a request that arrives now.
    pub(super) fn begin<B>(request: &Request<B>, tracer: &Tracer) -> Self {
        let id = request_id::of(request.headers());
        // Probes would fill traces with nothing else where little happens.
        let decision = match health::is_probed(request.uri().path()) {
            true => Decision::default(),
            false => tracer.decide(request.headers()),
        };
        let span = decision.span(|| span(request));
        let place = decision.place(&span);
        Self { id, span, place }
    }

    /// The id, which the answer repeats.
    pub(super) fn id(&self) -> &HeaderValue {
        &self.id
    }

    /// What everything is done in that is done for the request.
    pub(super) fn span(&self) -> &Span {
        &self.span
    }

    /// What log records on the way are written in.
    pub(super) fn log_span(&self) -> Span {
        log_span(&self.id, self.place)
    }

    /// What there is to know of it when its answer has opened a WebSocket.
    pub(super) fn upgrade(&self) -> Upgrade {
        Upgrade { id: self.id.clone(), origin: Carried::of(&self.span) }
    }

    /// This was asked for, and is answered. To be told once: what is recorded again is there twice.
    pub(super) fn tell(&self, operation: Option<&OperationLabel>) {
        if !self.span.is_disabled()
            && let Some(operation) = operation
        {
            self.span.record("graphql.operation.type", operation.kind);
            self.span.record("graphql.operation.name", operation.name.as_deref());
        }
    }

    /// The request has been answered.
    pub(super) fn end(&self, status: StatusCode) {
        if self.span.is_disabled() {
            return;
        }
        self.span.record("http.response.status_code", i64::from(status.as_u16()));
        if status.is_server_error() {
            self.span.record("error.type", status.as_str());
            self.span.record("otel.status_code", "ERROR");
        }
    }
}

impl Upgrade {
    /// What an operation is done in that begins now: what a trace tells of it, and what log records are written in. It is a trace of its
    /// own, since a WebSocket may be open for days.
    pub(super) fn operation(&self, tracer: &Tracer) -> (Span, Span) {
        let decision = tracer.decide_after(self.origin.as_ref());
        let span = decision.span(|| {
            let span = tracing::debug_span!(
                target: ROOT,
                "websocket",
                otel.name = "websocket operation",
                otel.kind = "server",
                network.protocol.name = "websocket",
            );
            self.origin.iter().for_each(|origin| origin.link(&span));
            span
        });
        let log_span = span.in_scope(|| log_span(&self.id, decision.place(&span)));
        (span, log_span)
    }
}

fn log_span(id: &HeaderValue, place: Option<Place>) -> Span {
    let id = id.to_str().unwrap_or_default();
    match place {
        None => tracing::error_span!("request", id),
        Some(Place { trace, span: None }) => tracing::error_span!("request", id, trace_id = %trace),
        Some(Place { trace, span: Some(span) }) => {
            tracing::error_span!("request", id, trace_id = %trace, span_id = %span)
        }
    }
}

/// By the conventions for servers of HTTP. Nothing of it is the client's own text.
fn span<B>(request: &Request<B>) -> Span {
    let (method, route) = (method(request.method()), route(request.uri().path()));
    let name = route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}"));
    tracing::debug_span!(
        target: ROOT,
        "http",
        otel.name = name,
        otel.kind = "server",
        otel.status_code = field::Empty,
        "error.type" = field::Empty,
        http.request.method = method,
        http.route = route,
        http.response.status_code = field::Empty,
        network.protocol.version = version(request.version()),
        "graphql.operation.type" = field::Empty,
        graphql.operation.name = field::Empty,
    )
}

fn method(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "POST", "OPTIONS", "HEAD", "PUT", "PATCH", "DELETE"];
    KNOWN.into_iter().find(|known| method.as_str() == *known).unwrap_or("_OTHER")
}

fn route(path: &str) -> Option<&'static str> {
    match path {
        graphql::PATH => Some(graphql::PATH),
        "/" => Some("/"),
        _ if path.starts_with("/exports/") => Some(exports::PATH),
        _ if path == "/studio" || path.starts_with("/studio/") => Some("/studio"),
        _ => None,
    }
}

fn version(version: Version) -> &'static str {
    if version == Version::HTTP_2 { "2" } else { "1.1" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_makes_up_is_not_repeated() {
        assert_eq!(method(&Method::POST), "POST");
        assert_eq!(method(&Method::from_bytes(b"SECRET").unwrap()), "_OTHER");
        assert_eq!(route("/exports/export_01h"), Some("/exports/{id}"));
        assert_eq!((route("/studio/tide"), route("/studios")), (Some("/studio"), None));
        assert_eq!((route("/graphql"), route("/graphql/secret"), route("/secret")), (Some("/graphql"), None, None));
    }
}
