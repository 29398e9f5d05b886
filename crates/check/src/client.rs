//! Clients of the servers: what they ask, how, and what they remember.

use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reqwest::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client as Http, StatusCode};
use tokio::time::sleep;

use crate::Error;
use crate::clock::{Nanos, nanos};
use crate::context::Context;
use crate::floors::{Floors, Memory};
use crate::graphql::{Answer, Data};

/// The header in which a server says how far its database had come, and a client what it may not be served from before.
const MARK: HeaderName = HeaderName::from_static("tidewater-mark");

/// Of this many requests, one takes no age but what its header says.
const DEMANDING: u32 = 16;

/// What a request says about the age of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Demand {
    /// Nothing: the servers' own bound holds.
    Usual,
    /// `Cache-Control: no-cache`.
    NoCache,
    /// `Cache-Control: max-age=N`.
    MaxAge(u64),
}

/// One client. Its requests follow one another.
pub(crate) struct Client {
    pub(crate) context: Arc<Context>,
    pub(crate) floors: Floors,
    pub(crate) random: StdRng,
    number: usize,
    carries_marks: bool,
    mark: Option<HeaderValue>,
}

/// A request and its answer.
pub(crate) struct Exchange {
    pub(crate) url: usize,
    pub(crate) asked: String,
    pub(crate) answered: Vec<u8>,
    pub(crate) sent: Nanos,
    pub(crate) received: Nanos,
    pub(crate) bound: Nanos,
    /// What the client may hold the server to.
    pub(crate) memory: Memory,
    /// The mark that came, if the client sends marks back.
    pub(crate) mark: Option<HeaderValue>,
}

/// Why there is no answer to judge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The server, or the way there, could not; the text is the kind.
    Refused {
        kind: String,
        /// Whether the request cannot have arrived.
        unsent: bool,
    },
    /// Nothing that may come back.
    Unexpected(String),
}

/// An HTTP client whose connections all share.
pub(crate) fn connect(timeout: Duration) -> Result<Http, Error> {
    let builder = Http::builder().timeout(timeout).connect_timeout(timeout.min(Duration::from_secs(5))).no_proxy();
    builder.build().map_err(|error| Error::Settings(format!("no HTTP client can be made: {error}")))
}

impl Client {
    pub(crate) fn new(context: Arc<Context>, number: usize, seed: u64) -> Self {
        let random = StdRng::seed_from_u64(seed ^ (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let carries_marks = number.is_multiple_of(2);
        Self { context, floors: Floors::default(), random, number, carries_marks, mark: None }
    }

    /// Any of the servers.
    pub(crate) fn any_url(&mut self) -> usize {
        self.random.random_range(0..self.context.settings.urls.len())
    }

    /// What a request says about the age of its answer: mostly nothing.
    pub(crate) fn demand(&mut self) -> Demand {
        match (self.random.random_range(0..2 * DEMANDING), self.context.settings.max_age) {
            (0, _) => Demand::NoCache,
            (1, _) => Demand::MaxAge(0),
            (2 | 3, Some(seconds)) => Demand::MaxAge(seconds),
            _ => Demand::Usual,
        }
    }

    /// Asks one server. The request counts as under way until [`judged`](Self::judged).
    pub(crate) async fn ask(
        &mut self,
        url: usize,
        asked: String,
        authorization: Option<&HeaderValue>,
        demand: Demand,
    ) -> Result<Exchange, Failure> {
        let context = &self.context;
        let mut request = context.http.post(format!("{}/graphql", context.settings.urls[url]));
        request = request.header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        request = match demand {
            Demand::Usual => request,
            Demand::NoCache => request.header(CACHE_CONTROL, HeaderValue::from_static("no-cache")),
            Demand::MaxAge(seconds) => request.header(CACHE_CONTROL, format!("max-age={seconds}")),
        };
        let bound = match demand {
            Demand::Usual => context.settings.max_staleness,
            Demand::NoCache => Duration::ZERO,
            Demand::MaxAge(seconds) => Duration::from_secs(seconds),
        };
        let mut memory = if bound.is_zero() { Memory::All } else { Memory::None };
        if let (true, Some(mark)) = (self.carries_marks, &self.mark) {
            request = request.header(MARK, mark);
            memory = if bound.is_zero() { Memory::All } else { Memory::Marked };
        }
        request = request.body(asked.clone());

        context.tally.request();
        let sent = context.clock.send(self.number);
        let answer = async {
            let response = request.send().await?;
            let (status, mark) = (response.status(), response.headers().get(MARK).cloned());
            let pause = (status == StatusCode::TOO_MANY_REQUESTS).then(|| pause(response.headers()));
            response.bytes().await.map(|body| (status, mark, pause, body))
        };
        let answer = answer.await;
        let received = context.clock.now();
        let pause = answer.as_ref().ok().and_then(|(_, _, pause, _)| *pause);
        let judged = match answer {
            Err(error) => Err(lost(&error)),
            Ok((status @ (StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS), ..)) => {
                Err(Failure::Refused { kind: status.as_str().to_owned(), unsent: false })
            }
            Ok((_, mark, _, body)) => {
                let (mark, answered) = (mark.filter(|_| self.carries_marks), body.to_vec());
                Ok(Exchange { url, asked, answered, sent, received, bound: nanos(bound), memory, mark })
            }
        };
        if judged.is_err() {
            self.judged();
        }
        if let Some(pause) = pause {
            // What is asked in the meantime would be refused, too.
            sleep(pause).await;
        }
        judged
    }

    /// From now on holds the servers to what was answered. The mark of a refusal would promise nothing.
    pub(crate) fn remember(&mut self, exchange: &Exchange) {
        if let Some(mark) = &exchange.mark {
            self.context.tally.mark();
            self.mark = Some(mark.clone());
        }
    }

    /// The answer to the last request has been judged, or will not be.
    pub(crate) fn judged(&self) {
        self.context.clock.judged(self.number);
    }

    /// Counts a failure.
    pub(crate) fn note(&self, failure: &Failure) {
        match failure {
            Failure::Refused { kind, .. } => self.context.tally.refuse(kind, self.context.seconds()),
            Failure::Unexpected(what) => self.context.tally.unexpected(what),
        }
    }
}

impl Exchange {
    /// What was answered, if it is an answer.
    pub(crate) fn data(&self) -> Result<Data<'_>, Failure> {
        let answer: Answer<'_> = serde_json::from_slice(&self.answered).map_err(|error| {
            let text = String::from_utf8_lossy(&self.answered[..self.answered.len().min(200)]);
            Failure::Unexpected(format!("an answer cannot be read ({error}): {text}"))
        })?;
        let Some(fault) = answer.errors.first() else {
            if answer.extensions.is_some_and(|extensions| extensions.tidewater.is_some_and(|told| told.stale)) {
                return Err(Failure::Refused { kind: "stale, and says so".to_owned(), unsent: false });
            }
            return answer.data.ok_or_else(|| Failure::Unexpected("an answer is empty".to_owned()));
        };
        let code = fault.extensions.as_ref().and_then(|extensions| extensions.code.as_deref()).unwrap_or("no code");
        match code {
            "UNAVAILABLE" | "TIMEOUT" => Err(Failure::Refused { kind: code.to_owned(), unsent: false }),
            _ => Err(Failure::Unexpected(format!("{code}: {}", fault.message))),
        }
    }
}

/// How long a server wants a client to wait. Longer than a moment would be a limit that no check is made for.
fn pause(headers: &HeaderMap) -> Duration {
    let seconds = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    Duration::from_secs(seconds.unwrap_or(1).min(5))
}

fn lost(error: &reqwest::Error) -> Failure {
    let (kind, unsent) = match () {
        () if error.is_connect() => ("connection refused", true),
        () if error.is_timeout() => ("timed out", false),
        () => ("connection lost", false),
    };
    Failure::Refused { kind: kind.to_owned(), unsent }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused { kind, .. } => formatter.write_str(kind),
            Self::Unexpected(what) => formatter.write_str(what),
        }
    }
}
