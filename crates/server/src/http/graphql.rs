//! GraphQL over HTTP: `POST` with a JSON body, or `GET` with a query string for what changes nothing.
//!
//! What has been answered before is looked for by the bytes of the request. Only if nothing is found, or it no longer holds, is
//! the request taken apart.
//!
//! What is remembered is answered in microseconds, in which it counts how often the state of a future is moved: on that way, futures are
//! pinned where they are made, and what is large and rare is behind a pointer.

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use axum::extract::{Extension, State};
use axum::http::header::USER_AGENT;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use futures::{FutureExt, poll};
use hyper::body::Incoming;
use tidewater_cache::Acceptance;
use tidewater_graphql::{Answer, Arrival, Caller, Document, Error, ResponseKey};
use tidewater_limit::{Allowance, Network, Standing};
use tokio::time::timeout_at;
use tracing::{Instrument, Span};

use super::answered::Answered;
use super::event_stream::Wanted;
use super::freshness::Forwarded;
use super::front::Peer;
use super::known_documents::Resolved;
use super::media_type::MediaType;
use super::parameters::Parameters;
use super::refusal::Refusal;
use super::trail::Trail;
use super::{
    Service, batch, client, event_stream, explain, freshness, idempotency, parameters, session_cookie, validator,
};
use crate::configuration::LimitConfiguration;

/// Where it is served.
pub(super) const PATH: &str = "/graphql";

/// The forms that a request can have; each reads the same bytes in its own way.
pub(super) const POST: u8 = 0;
const GET: u8 = 1;

pub(super) async fn post(
    service: &Service,
    peer: Peer,
    headers: &HeaderMap,
    body: Incoming,
    trail: &Trail,
) -> Response {
    let wanted = event_stream::wanted(headers);
    let Some(media) = media(headers, wanted) else { return Refusal::not_acceptable().into_response() };
    let deadline = Deadline::new(&service.limits);
    if let Err(refusal) = parameters::check_type(headers) {
        return refusal.answer(media);
    }
    // Before it counts as a request: who sends slowly keeps nobody else out.
    let arriving = pin!(service.room.read(body, service.limits.max_body));
    let body = match deadline.hold_or(Refusal::too_slow, arriving).await {
        Ok(body) => body,
        Err(refusal) => return refusal.answer(media),
    };
    let answering = pin!(async {
        if batch::is_array(&body) {
            return Box::pin(service.answer_all(deadline, peer, headers, &body, trail)).await;
        }
        let span = || trail.log_span();
        let received = Received { peer, headers, form: POST, bytes: &body };
        let read = || parameters::of_json(&body);
        let reply = pin!(service.answer(deadline, received, streamed(wanted), span, read)).await;
        if let Ok(Reply::Answered(answered)) = &reply {
            trail.tell(answered.answer.operation.as_deref());
        }
        service.tell(reply, wanted, media, deadline.begun).await
    });
    service.bounded(media, answering).await
}

pub(super) async fn get(
    State(service): State<Arc<Service>>,
    Extension(peer): Extension<Peer>,
    Extension(trail): Extension<Trail>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let wanted = event_stream::wanted(&headers);
    let Some(media) = media(&headers, wanted) else { return Refusal::not_acceptable().into_response() };
    let bytes = uri.query().unwrap_or_default().as_bytes();
    let received = Received { peer, headers: &headers, form: GET, bytes };
    let read = || parameters::of_query_string(&uri);
    let deadline = Deadline::new(&service.limits);
    let answering = async {
        let reply = service.answer(deadline, received, streamed(wanted), Span::current, read).await;
        if let Ok(Reply::Answered(answered)) = &reply {
            trail.tell(answered.answer.operation.as_deref());
        }
        match reply {
            // How an answer was made is told in an answer only.
            Ok(Reply::Answered(answered)) if wanted != Wanted::Preferred && !explain::is_wanted(&headers) => {
                let validator = validator::of(&answered.answer, media);
                Ok(validator::tell(service.respond(answered, media, deadline.begun)?, validator, &headers))
            }
            reply => service.tell(reply, wanted, media, deadline.begun).await,
        }
    };
    service.bounded(media, answering).await
}

/// In which media type the response is, if it is no event stream; none if the client accepts none.
fn media(headers: &HeaderMap, wanted: Wanted) -> Option<MediaType> {
    MediaType::wanted(headers).or((wanted != Wanted::No).then_some(MediaType::Json))
}

/// The answer to any other method.
pub(super) async fn other(headers: HeaderMap) -> Response {
    Refusal::method().answer(MediaType::wanted(&headers).unwrap_or(MediaType::Json))
}

/// A request as it came.
#[derive(Clone, Copy)]
pub(super) struct Received<'a> {
    pub(super) peer: Peer,
    pub(super) headers: &'a HeaderMap,
    pub(super) form: u8,
    pub(super) bytes: &'a [u8],
}

/// A request that counts, and has not been answered.
struct Counted {
    arrival: Arrival,
    acceptance: Acceptance,
    key: ResponseKey,
    network: Network,
    allowance: Allowance,
    standing: Option<Standing>,
}

/// What came of it.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every request has the large one, and it is not worth an allocation"
)]
pub(super) enum Reply {
    Answered(Answered),
    /// A subscription, as an event stream.
    Streamed(Response),
}

impl From<Answered> for Reply {
    fn from(answered: Answered) -> Self {
        Self::Answered(answered)
    }
}

/// What becomes of an event stream, where one is wanted.
fn streamed(wanted: Wanted) -> Option<fn(Response) -> Reply> {
    (wanted != Wanted::No).then_some(Reply::Streamed as fn(Response) -> Reply)
}

/// How long a request may take.
#[derive(Clone, Copy)]
pub(super) struct Deadline {
    begun: Instant,
    limit: Duration,
}

impl Deadline {
    /// From now on.
    pub(super) fn new(limits: &LimitConfiguration) -> Self {
        Self { begun: Instant::now(), limit: limits.request_timeout }
    }

    pub(super) async fn hold<T>(self, work: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
        self.hold_or(Refusal::timed_out, work).await
    }

    async fn hold_or<T>(
        self,
        late: fn(Duration) -> Refusal,
        work: impl Future<Output = Result<T, Refusal>>,
    ) -> Result<T, Refusal> {
        let mut work = pin!(work);
        // Most of it waits for nothing, and a timer is felt here.
        if let Poll::Ready(done) = poll!(work.as_mut()) {
            return done;
        }
        let end = self.begun.checked_add(self.limit).ok_or_else(Refusal::failed)?;
        timeout_at(end.into(), work).await.unwrap_or_else(|_| Err(late(self.limit)))
    }
}

impl Service {
    /// Does `work`, if there is capacity. A refusal is told in this media type.
    pub(super) async fn bounded(
        &self,
        media: MediaType,
        work: impl Future<Output = Result<Response, Refusal>>,
    ) -> Response {
        let Ok(_permit) = self.capacity.try_acquire() else {
            return Refusal::busy().answer(media);
        };
        work.await.unwrap_or_else(|refusal| refusal.answer(media))
    }

    /// Answers what was received, and what `read` takes apart. What is executed is logged within `span`. What goes on is answered by an
    /// event stream, of which `streamed` makes a reply, if that is there.
    pub(super) async fn answer<R: From<Answered>>(
        &self,
        deadline: Deadline,
        received: Received<'_>,
        streamed: Option<fn(Response) -> R>,
        span: impl FnOnce() -> Span,
        read: impl FnOnce() -> Result<Parameters, Refusal>,
    ) -> Result<R, Refusal> {
        let Received { peer, headers, form, bytes } = received;
        let credential = session_cookie::credential(headers);
        let key = ResponseKey::new(form, credential.as_deref(), bytes);
        let network = self.proxies.client(peer.0, headers).into();
        let allowance = self.limiter.allowance(key.credential(), network);
        let standing = allowance.request().await.map_err(Refusal::rate_limited)?;
        let acceptance = freshness::acceptance(headers);
        let mark = freshness::mark(headers)?;
        let caller = Caller {
            credential,
            acceptance,
            mark,
            allowance: allowance.clone(),
            explains: explain::is_wanted(headers),
            network: Some(network),
            ..Caller::default()
        };
        let explains = caller.explains;
        let mut arrival = self.api.arrive(caller);
        // This waits for the gate at most, which has a limit of its own; a timer more is felt here.
        let remembered = pin!(self.api.remembered(&mut arrival, &key)).await;
        if let Some(mut answer) = remembered {
            learn(&allowance, &key, &answer);
            if explains {
                Box::pin(self.explain(deadline, &mut answer, arrival, read)).await?;
            }
            return Ok(Answered { answer, standing, forwarded: None }.into());
        }
        let counted = Counted { arrival, acceptance, key, network, allowance, standing };
        // What is executed is rarely small; what is remembered need not carry its state.
        Box::pin(self.execute(deadline, received, counted, streamed, span, read()?)).await
    }

    /// Answers a request that has to be executed.
    async fn execute<R: From<Answered>>(
        &self,
        deadline: Deadline,
        received: Received<'_>,
        counted: Counted,
        streamed: Option<fn(Response) -> R>,
        span: impl FnOnce() -> Span,
        parameters: Parameters,
    ) -> Result<R, Refusal> {
        let Received { headers, form, bytes, .. } = received;
        let Counted { mut arrival, acceptance, key, network, allowance, standing } = counted;
        let (resolved, document) = deadline.hold(self.resolve(parameters, form)).await?;
        let Resolved { request, makes_known, .. } = &resolved;
        let is_mutation =
            document.as_ref().is_some_and(|document| document.is_mutation(request.operation_name.as_deref()));
        if *makes_known {
            // Else the same bytes would be answered the next time without making the text known again.
            arrival.is_not_remembered();
        }
        if let Some(streamed) = streamed
            && let Some(document) = document.as_ref().filter(|document| document.goes_on(request)).cloned()
        {
            let stream = self.stream(deadline, headers, key.credential(), network, resolved.request, document);
            return Ok(streamed(Box::pin(stream).await?));
        }
        if document.as_ref().is_some_and(|document| document.is_live(request)) {
            return Err(Refusal::invalid(
                "a live query is carried out over a WebSocket, or with `Accept: text/event-stream`",
            ));
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
        if is_mutation && let Some(key) = idempotency::key(headers, &resolved.told(bytes))? {
            arrival.is_known_as(key);
        }
        let answer = self.api.answer(arrival, &key, resolved.request, document).instrument(span());
        let answer = deadline.hold(answer.map(Ok)).await?;
        learn(&allowance, &key, &answer);
        Ok(Answered { answer, standing, forwarded }.into())
    }

    /// Adds to an answer that was remembered how it came to be.
    async fn explain(
        &self,
        deadline: Deadline,
        answer: &mut Answer,
        arrival: Arrival,
        read: impl FnOnce() -> Result<Parameters, Refusal>,
    ) -> Result<(), Refusal> {
        // Whatever its form was, it is no mutation.
        let (resolved, document) = deadline.hold(Box::pin(self.resolve(read()?, POST))).await?;
        let explaining = self.api.explain_remembered(answer, arrival, resolved.request, document);
        deadline.hold(Box::pin(explaining.map(Ok))).await
    }

    /// The response to a request, as an event where only events are wanted.
    async fn tell(
        &self,
        reply: Result<Reply, Refusal>,
        wanted: Wanted,
        media: MediaType,
        begun: Instant,
    ) -> Result<Response, Refusal> {
        let response = match reply {
            Ok(Reply::Streamed(response)) => return Ok(response),
            Ok(Reply::Answered(answered)) => self.respond(answered, media, begun)?,
            Err(refusal) if wanted == Wanted::Preferred && refusal.is_response() => refusal.answer(MediaType::Json),
            Err(refusal) => return Err(refusal),
        };
        Ok(match wanted {
            Wanted::Preferred => Box::pin(event_stream::at_once(response)).await,
            Wanted::No | Wanted::Accepted => response,
        })
    }

    /// A request in this form with the text that it names, and its document, which is made known if it is to be. There is none if it
    /// cannot be parsed.
    pub(super) async fn resolve(
        &self,
        parameters: Parameters,
        form: u8,
    ) -> Result<(Resolved, Option<Arc<Document>>), Refusal> {
        parameters.check_size(self.limits.max_variables)?;
        let resolved = self.documents.resolve(parameters).await?;
        let Resolved { request, is_trusted, makes_known, .. } = &resolved;
        let document = match is_trusted {
            true => self.api.trusted_document(&request.query),
            false => self.api.document(&request.query),
        };
        let document = document.map_err(refused)?;
        let name = request.operation_name.as_deref();
        if form == GET && document.as_ref().is_some_and(|document| document.is_mutation(name)) {
            return Err(Refusal::mutation_by_get());
        }
        if *makes_known && document.is_some() {
            self.documents.keep(&request.query).await;
        }
        Ok((resolved, document))
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
        Error::BadUserInput { message, .. } => Refusal::invalid(message),
        _ => Refusal::failed(),
    }
}
