//! GraphQL over server-sent events, in the [distinct connections mode]: one event stream for each operation, at the path of GraphQL over
//! HTTP, where `Accept` asks for `text/event-stream`.
//!
//! A stream ends with `complete`, or with the connection if the server stops: then clients come again by themselves.
//!
//! [distinct connections mode]: https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md#distinct-connections-mode

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::Request;
use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use futures::stream;
use serde_json::{Value, json};
use tidewater_graphql::{Caller, Document, Error, Event, Events, Shown, Watch, refusal};
use tidewater_limit::Network;
use tokio::sync::mpsc;
use tokio::time::{Instant, interval_at, timeout};

use super::client::{learn, session_ended, watch};
use super::graphql::Deadline;
use super::media_type::ranges;
use super::refusal::Refusal;
use super::streams::{Open, Stream};
use super::{Service, freshness, session_cookie};

const TYPE: &str = "text/event-stream";

/// Has nginx pass on what comes as it comes.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// By which a client that comes again says what it has seen (HTML, section 9.2, "Server-sent events").
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// How many events may wait for the client to take them.
const WAITING: usize = 16;

/// Nothing, in a form that keeps a connection open. Sent first, too: some browsers do not believe in a stream before.
const COMMENT: &[u8] = b":\n\n";
const COMPLETE: &[u8] = b"event: complete\ndata: \n\n";

/// Whether a client can read an event stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// No.
    No,
    /// Yes, but an answer in JSON is as welcome.
    Accepted,
    /// Yes, and nothing else as much.
    Preferred,
}

/// What the header `Accept` says of event streams (RFC 9110, section 12.5.1). Of types that are as welcome, the first is meant.
pub(super) fn wanted(headers: &HeaderMap) -> Wanted {
    let mut best: Option<(u16, bool)> = None;
    let mut is_accepted = false;
    for range in ranges(headers).filter(|range| !range.kind.is_empty() && range.weight > 0) {
        let is_stream = range.kind.eq_ignore_ascii_case(TYPE);
        is_accepted |= is_stream;
        if best.is_none_or(|(most, _)| range.weight > most) {
            best = Some((range.weight, is_stream));
        }
    }
    match best {
        Some((_, true)) => Wanted::Preferred,
        _ if is_accepted => Wanted::Accepted,
        _ => Wanted::No,
    }
}

impl Service {
    /// Begins a subscription or a live query, and answers by the event stream that tells of it. `number` stands for the credential in `headers`.
    pub(super) async fn stream(
        &self,
        deadline: Deadline,
        headers: &HeaderMap,
        number: Option<u128>,
        network: Network,
        request: Request,
        document: Arc<Document>,
    ) -> Result<Response, Refusal> {
        let credential = session_cookie::credential(headers);
        let allowance = self.limiter.allowance(number, network);
        let open = self.streams.open(Stream::Events, network).ok_or_else(Refusal::busy)?;
        let caller = Caller {
            credential: credential.clone(),
            allowance: allowance.clone(),
            network: Some(network),
            mark: freshness::mark(headers)?,
            shown: shown(headers),
            ..Caller::default()
        };
        let begin = async {
            // First, so that nothing comes in between.
            let watch = watch(&self.api, credential.as_deref()).await;
            Ok((watch, Box::pin(self.api.follow(request, caller, document)).await))
        };
        let (watch, events) = deadline.hold(begin).await?;
        let watch = match watch {
            Ok(watch) => watch,
            Err(error) => return Ok(failed(&json!(refusal(error).errors))),
        };
        if let Some(number) = number {
            learn(&allowance, number, events.identity());
        }
        let (sender, receiver) = mpsc::channel(WAITING);
        let teller = Teller { sender, patience: self.streaming.send_timeout };
        tokio::spawn(tell(events, watch, open, teller, self.streaming.keep_alive));
        let pieces = stream::unfold(receiver, |mut receiver| async move {
            receiver.recv().await.map(|piece| (Ok::<_, Infallible>(piece), receiver))
        });
        Ok(streamed(Body::from_stream(pieces)))
    }
}

/// Sends to a client, as long as it takes what it is sent.
struct Teller {
    sender: mpsc::Sender<Bytes>,
    patience: Duration,
}

/// The client is gone, or does not read.
struct Gone;

impl Teller {
    async fn tell(&self, piece: impl Into<Bytes>) -> Result<(), Gone> {
        match timeout(self.patience, self.sender.send(piece.into())).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Gone),
        }
    }

    async fn fail(&self, errors: &Value) -> Result<(), Gone> {
        self.tell(of_errors(errors)).await?;
        self.tell(COMPLETE).await
    }
}

async fn tell(events: Events, watch: Option<Watch>, open: Open, teller: Teller, keep_alive: Duration) {
    // Who is gone needs no answer.
    let _ = tell_all(events, watch, open, &teller, keep_alive).await;
}

async fn tell_all(
    mut events: Events,
    mut watch: Option<Watch>,
    mut open: Open,
    teller: &Teller,
    keep_alive: Duration,
) -> Result<(), Gone> {
    teller.tell(COMMENT).await?;
    let mut signs_of_life = interval_at(Instant::now() + keep_alive, keep_alive);
    loop {
        tokio::select! {
            biased;
            () = open.stopped() => return Ok(()),
            () = teller.sender.closed() => return Ok(()),
            () = session_ended(&mut watch) => {
                let error = Error::Unauthenticated("the session is over");
                return teller.fail(&json!(refusal(error).errors)).await;
            }
            event = events.next() => match event {
                Some(Event::Next { json, shown }) => teller.tell(next(&json, shown.as_ref())).await?,
                Some(Event::Failed(errors)) => return teller.fail(&errors).await,
                None => return teller.tell(COMPLETE).await,
            },
            _ = signs_of_life.tick() => teller.tell(COMMENT).await?,
        }
    }
}

/// An answer in JSON as an event stream that ends.
pub(super) async fn at_once(answered: Response) -> Response {
    let (mut parts, body) = answered.into_parts();
    // It is in memory already.
    let Ok(json) = axum::body::to_bytes(body, usize::MAX).await else { return Response::new(Body::empty()) };
    let told = streamed(Body::from([b"event: next\ndata: ", &json[..], b"\n\n", COMPLETE].concat()));
    let (headers, body) = (told.headers().clone(), told.into_body());
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.extend(headers);
    // A client would not read the stream otherwise.
    parts.status = StatusCode::OK;
    Response::from_parts(parts, body)
}

/// An event stream that holds only what is wrong.
fn failed(errors: &Value) -> Response {
    streamed(Body::from([of_errors(errors).as_bytes(), COMPLETE].concat()))
}

fn streamed(body: Body) -> Response {
    let mut response = Response::new(body);
    let told = response.headers_mut();
    told.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    told.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    told.insert(X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
    response
}

fn of_errors(errors: &Value) -> String {
    next(&json!({ "data": null, "errors": errors }).to_string(), None)
}

/// A response as an event.
fn next(json: &str, shown: Option<&Shown>) -> String {
    let id = shown.map(|shown| format!("id: {shown}\n")).unwrap_or_default();
    ["event: next\n", &id, "data: ", json, "\n\n"].concat()
}

/// What a client has seen of a live query that comes again by itself. What stands for something else is of no use here.
fn shown(headers: &HeaderMap) -> Option<Shown> {
    headers.get(LAST_EVENT_ID)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use axum::http::header::ACCEPT;

    use super::*;

    fn of(values: &[&'static str]) -> Wanted {
        wanted(&values.iter().map(|value| (ACCEPT, HeaderValue::from_static(value))).collect())
    }

    #[test]
    fn a_stream_is_wanted_if_nothing_is_as_welcome() {
        for values in
            [&["text/event-stream"][..], &["Text/Event-Stream; q=0.9, */*;q=0.1"], &["text/event-stream, */*"]]
        {
            assert_eq!(of(values), Wanted::Preferred, "{values:?}");
        }
    }

    #[test]
    fn a_stream_is_accepted_after_json() {
        let urql = "application/graphql-response+json, application/json, text/event-stream, multipart/mixed";
        for values in [&[urql][..], &["application/json", "text/event-stream"], &["text/event-stream;q=0.5, */*"]] {
            assert_eq!(of(values), Wanted::Accepted, "{values:?}");
        }
    }

    #[test]
    fn no_stream_is_wanted_unless_it_is_named() {
        for values in [&[][..], &["*/*"], &["text/*"], &["application/json"], &["text/event-stream;q=0"]] {
            assert_eq!(of(values), Wanted::No, "{values:?}");
        }
    }
}
