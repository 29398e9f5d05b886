//! GraphQL over HTTP: `POST` with a JSON body, or `GET` with a query string for what changes nothing.
//!
//! What has been answered before is looked for by the bytes of the request. Only if nothing is found, or it no longer holds, is
//! the request taken apart.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, SET_COOKIE, USER_AGENT};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use hyper::body::Incoming;
use tidewater_cache::Acceptance;
use tidewater_graphql::{Answer, Caller, Error, ResponseKey, SessionChange};
use tidewater_limit::{Allowance, Standing};
use tokio::time::timeout_at;
use tracing::{Instrument, Span};

use super::event_stream::Wanted;
use super::freshness::Forwarded;
use super::front::Peer;
use super::refusal::Refusal;
use super::{Service, client, event_stream, freshness, parameters, rate_limit, request_id, session_cookie};

/// Where it is served.
pub(super) const PATH: &str = "/graphql";

/// The forms that a request can have; each reads the same bytes in its own way.
const POST: u8 = 0;
const GET: u8 = 1;

pub(super) async fn post(
    service: &Service,
    peer: Peer,
    headers: &HeaderMap,
    body: Incoming,
    id: &HeaderValue,
) -> Response {
    service
        .bounded(async move |deadline: Deadline| {
            if !parameters::is_json(headers) {
                return Err(Refusal::media_type());
            }
            let body = deadline.hold(parameters::read_body(body, service.limits.max_body)).await?;
            let span = || request_id::span(id);
            let received = Received { peer, headers, form: POST, bytes: &body };
            let read = || parameters::of_json(&body);
            match event_stream::wanted(headers) {
                Wanted::No => service.answer(deadline, received, span, read).await,
                wanted => Box::pin(service.stream(deadline, received, wanted, span, read)).await,
            }
        })
        .await
}

pub(super) async fn get(
    State(service): State<Arc<Service>>,
    Extension(peer): Extension<Peer>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let bytes = uri.query().unwrap_or_default().as_bytes();
    let received = Received { peer, headers: &headers, form: GET, bytes };
    let read = || parameters::of_query_string(&uri);
    service
        .bounded(async |deadline| match event_stream::wanted(&headers) {
            Wanted::No => service.answer(deadline, received, Span::current, read).await,
            wanted => Box::pin(service.stream(deadline, received, wanted, Span::current, read)).await,
        })
        .await
}

/// A request as it came.
pub(super) struct Received<'a> {
    pub(super) peer: Peer,
    pub(super) headers: &'a HeaderMap,
    pub(super) form: u8,
    bytes: &'a [u8],
}

/// How long a request may take.
#[derive(Clone, Copy)]
pub(super) struct Deadline {
    begun: Instant,
    limit: Duration,
}

impl Deadline {
    pub(super) async fn hold<T>(self, work: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
        let end = self.begun.checked_add(self.limit).ok_or_else(Refusal::failed)?;
        timeout_at(end.into(), work).await.unwrap_or_else(|_| Err(Refusal::timed_out(self.limit)))
    }
}

impl Service {
    /// Lets `work` be done until the deadline, if there is capacity.
    pub(super) async fn bounded<W>(&self, work: impl FnOnce(Deadline) -> W) -> Response
    where
        W: Future<Output = Result<Response, Refusal>>,
    {
        let Ok(_permit) = self.capacity.try_acquire() else {
            return Refusal::busy().into_response();
        };
        work(Deadline { begun: Instant::now(), limit: self.limits.request_timeout }).await.into_response()
    }

    /// Answers what was received, and what `read` takes apart. What is executed is logged within `span`.
    pub(super) async fn answer(
        &self,
        deadline: Deadline,
        received: Received<'_>,
        span: impl FnOnce() -> Span,
        read: impl FnOnce() -> Result<async_graphql::Request, Refusal>,
    ) -> Result<Response, Refusal> {
        let Received { peer, headers, form, bytes } = received;
        let acceptance = freshness::acceptance(headers);
        let credential = session_cookie::credential(headers);
        let key = ResponseKey::new(form, credential.as_deref(), bytes);
        let network = self.proxies.client(peer.0, headers).into();
        let allowance = self.limiter.allowance(key.credential(), network);
        let standing = allowance.request().await.map_err(Refusal::rate_limited)?;
        let mark = freshness::mark(headers)?;
        let caller =
            Caller { credential, acceptance, mark, allowance: allowance.clone(), network: Some(network), device: None };
        let mut arrival = self.api.arrive(caller);
        // This waits for the gate at most, which has a limit of its own; a timer more is felt here.
        if let Some(answer) = self.api.remembered(&mut arrival, &key).await {
            learn(&allowance, &key, &answer);
            return Ok(self.respond(answer, standing, None, deadline.begun));
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
        if is_mutation && let Some(name) = headers.get(USER_AGENT) {
            // Only what begins a session needs to know.
            arrival.is_from(&String::from_utf8_lossy(name.as_bytes()));
        }
        // What is executed is rarely small; what is remembered need not carry its state.
        let answer = self.api.answer(arrival, &key, request, document).instrument(span());
        let answer = deadline.hold(Box::pin(answer.map(Ok))).await?;
        learn(&allowance, &key, &answer);
        Ok(self.respond(answer, standing, forwarded, deadline.begun))
    }

    fn respond(
        &self,
        answer: Answer,
        standing: Option<Standing>,
        forwarded: Option<Forwarded>,
        begun: Instant,
    ) -> Response {
        let Answer { head, tail, session, mark, provenance, exceeded, .. } = answer;
        let mut body = Vec::with_capacity(head.len() + tail.len());
        body.extend_from_slice(&head);
        body.extend_from_slice(tail.as_bytes());
        let mut response = Response::new(Body::from(body));
        if exceeded.is_some() {
            *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        }
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
        match (exceeded, standing) {
            (Some(exceeded), _) => rate_limit::refuse(told, &exceeded),
            (None, Some(standing)) => rate_limit::warn(told, &standing),
            (None, None) => {}
        }
        response
    }
}

/// Lets the credential's next requests count for whom it has turned out to show.
fn learn(allowance: &Allowance, key: &ResponseKey, answer: &Answer) {
    if let Some(credential) = key.credential() {
        client::learn(allowance, credential, answer.identity);
    }
}

fn refused(error: Error) -> Refusal {
    match error {
        Error::BadUserInput { message, .. } => Refusal::malformed(message),
        _ => Refusal::failed(),
    }
}
