//! GraphQL over HTTP: `POST` with a JSON body, or `GET` with a query string for what changes nothing.
//!
//! What has been answered before is looked for by the bytes of the request. Only if nothing is found, or it no longer holds, is
//! the request taken apart.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use hyper::body::Incoming;
use tidewater_cache::Acceptance;
use tidewater_graphql::{Answer, Caller, Error, ResponseKey, SessionChange};
use tokio::time::timeout_at;
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
        .bounded(async move |deadline: Deadline| {
            if !parameters::is_json(headers) {
                return Err(Refusal::media_type());
            }
            let body = deadline.hold(parameters::read_body(body, service.limits.max_body)).await?;
            let span = || request_id::span(id);
            service.answer(deadline, headers, span, POST, &body, || parameters::of_json(&body)).await
        })
        .await
}

pub(super) async fn get(State(service): State<Arc<Service>>, uri: Uri, headers: HeaderMap) -> Response {
    let query_string = uri.query().unwrap_or_default().as_bytes();
    let read = || parameters::of_query_string(&uri);
    service.bounded(|deadline| service.answer(deadline, &headers, Span::current, GET, query_string, read)).await
}

/// How long a request may take.
#[derive(Clone, Copy)]
struct Deadline {
    begun: Instant,
    limit: Duration,
}

impl Deadline {
    async fn hold<T>(self, work: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
        let end = self.begun.checked_add(self.limit).ok_or_else(Refusal::failed)?;
        timeout_at(end.into(), work).await.unwrap_or_else(|_| Err(Refusal::timed_out(self.limit)))
    }
}

impl Service {
    /// Lets `work` be done until the deadline, if there is capacity.
    async fn bounded<W>(&self, work: impl FnOnce(Deadline) -> W) -> Response
    where
        W: Future<Output = Result<Response, Refusal>>,
    {
        let Ok(_permit) = self.capacity.try_acquire() else {
            return Refusal::busy().into_response();
        };
        work(Deadline { begun: Instant::now(), limit: self.limits.request_timeout }).await.into_response()
    }

    /// Answers the request that was sent as `bytes`, and that `read` takes apart. What is executed is logged within `span`.
    async fn answer(
        &self,
        deadline: Deadline,
        headers: &HeaderMap,
        span: impl FnOnce() -> Span,
        form: u8,
        bytes: &[u8],
        read: impl FnOnce() -> Result<async_graphql::Request, Refusal>,
    ) -> Result<Response, Refusal> {
        let acceptance = freshness::acceptance(headers);
        let credential = session_cookie::credential(headers);
        let key = ResponseKey::new(form, credential.as_deref(), bytes);
        let mut arrival = self.api.arrive(Caller { credential, acceptance, mark: freshness::mark(headers)? });
        // This waits for the gate at most, which has a limit of its own; a timer more is felt here.
        if let Some(answer) = self.api.remembered(&mut arrival, &key).await {
            return Ok(self.respond(answer, None, deadline.begun));
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
        let answer = deadline.hold(Box::pin(answer.map(Ok))).await?;
        Ok(self.respond(answer, forwarded, deadline.begun))
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
