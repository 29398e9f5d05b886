//! GraphQL over HTTP: `POST` with a JSON body, or `GET` with a query string for what changes nothing.
//!
//! What has been answered before is looked for by the bytes of the request. Only if nothing is found, or it no longer holds, is
//! the request taken apart.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use tidewater_cache::Acceptance;
use tidewater_graphql::{Answer, Caller, Error, ResponseKey, SessionChange};
use tokio::time::timeout;
use tracing::{Instrument, Span};

use super::freshness::Forwarded;
use super::refusal::Refusal;
use super::{Service, freshness, parameters, request_id, session_cookie};

/// Where it is served.
pub(super) const PATH: &str = "/graphql";

/// The forms that a request can have; each reads the same bytes in its own way.
const POST: u8 = 0;
const GET: u8 = 1;

pub(super) async fn post(service: &Service, headers: &HeaderMap, body: Incoming, id: &HeaderValue) -> Response {
    service
        .bounded(async {
            if !parameters::is_json(headers) {
                return Err(Refusal::media_type());
            }
            let body = parameters::read_body(body, service.limits.max_body).await?;
            let span = || request_id::span(id);
            service.answer(headers, span, POST, &body, || parameters::of_json(&body)).await
        })
        .await
}

pub(super) async fn get(State(service): State<Arc<Service>>, uri: Uri, headers: HeaderMap) -> Response {
    let query_string = uri.query().unwrap_or_default().as_bytes();
    let read = || parameters::of_query_string(&uri);
    service.bounded(service.answer(&headers, Span::current, GET, query_string, read)).await
}

impl Service {
    /// Lets `work` take its time, if there is capacity.
    async fn bounded(&self, work: impl Future<Output = Result<Response, Refusal>>) -> Response {
        let Ok(_permit) = self.capacity.try_acquire() else {
            return Refusal::busy().into_response();
        };
        let limit = self.limits.request_timeout;
        timeout(limit, work).await.unwrap_or_else(|_| Err(Refusal::timed_out(limit))).into_response()
    }

    /// Answers the request that was sent as `bytes`, and that `read` takes apart. What is executed is logged within `span`.
    async fn answer(
        &self,
        headers: &HeaderMap,
        span: impl FnOnce() -> Span,
        form: u8,
        bytes: &[u8],
        read: impl FnOnce() -> Result<async_graphql::Request, Refusal>,
    ) -> Result<Response, Refusal> {
        let begun = Instant::now();
        let acceptance = freshness::acceptance(headers);
        let credential = session_cookie::credential(headers);
        let key = ResponseKey::new(form, credential.as_deref(), bytes);
        let mut arrival = self.api.arrive(Caller { credential, acceptance, mark: freshness::mark(headers)? });
        if let Some(answer) = self.api.remembered(&mut arrival, &key).await {
            return Ok(self.respond(answer, None, begun));
        }
        let request = read()?;
        let document = self.api.document(&request.query).map_err(refused)?;
        let is_mutation =
            document.as_ref().is_some_and(|document| document.is_mutation(request.operation_name.as_deref()));
        if is_mutation && form == GET {
            return Err(Refusal::mutation_by_get());
        }
        let forwarded = match acceptance {
            _ if is_mutation => Some(Forwarded::Method),
            Acceptance::Source { .. } => Some(Forwarded::Request),
            _ => None,
        };
        // What is executed is rarely small; what is remembered need not carry its state.
        let answer = self.api.answer(arrival, &key, request, document).instrument(span());
        let answer = Box::pin(answer).await;
        Ok(self.respond(answer, forwarded, begun))
    }

    fn respond(&self, answer: Answer, forwarded: Option<Forwarded>, begun: Instant) -> Response {
        let Answer { head, tail, session, mark, provenance } = answer;
        let mut body = Vec::with_capacity(head.len() + tail.len());
        body.extend_from_slice(&head);
        body.extend_from_slice(tail.as_bytes());
        let mut response = Response::new(Body::from(body));
        let told = response.headers_mut();
        told.reserve(8);
        told.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        told.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        freshness::report(told, mark.as_ref(), &provenance, forwarded, begun.elapsed());
        let cookie = match session {
            SessionChange::None => None,
            SessionChange::Start { token, lifetime } => session_cookie::start(&token, lifetime, self.secure_cookie),
            SessionChange::End => session_cookie::end(self.secure_cookie),
        };
        told.extend(cookie.map(|cookie| (SET_COOKIE, cookie)));
        response
    }
}

fn refused(error: Error) -> Refusal {
    match error {
        Error::BadUserInput { message, .. } => Refusal::malformed(message),
        _ => Refusal::failed(),
    }
}
