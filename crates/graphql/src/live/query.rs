use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Request, Variables};
use futures::stream;
use tidewater_cache::{Basis, HistoryMark, Lookout};
use tidewater_limit::Exceeded;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::{LiveQuota, Shown, Terms};
use crate::api::Look;
use crate::document::Document;
use crate::events::{Event, Events};
use crate::response::{Outcome, ResponseKey};
use crate::{Api, Caller, Error, Identity, freshness};

/// Apart from the forms of requests whose bytes are the key of their responses.
const FORM: u8 = 4;

/// The most that is kept of what a live query asks, in bytes.
const MOST_BYTES: usize = 64 << 10;

/// How long after an answer of which it is not known what it rests on the next one is computed. Each that fails doubles it.
const AGAIN: Duration = Duration::from_secs(1);

/// The most that it becomes.
const SELDOM: Duration = Duration::from_secs(30);

/// A live query.
struct LiveQuery {
    api: Api,
    caller: Caller,
    document: Arc<Document>,
    asked: Asked,
    key: ResponseKey,
    lookout: Lookout,
    throttle: Duration,
    identity: Identity,
    /// What the client has.
    shown: Option<u128>,
    basis: Option<Basis>,
    /// How long it is waited without a basis.
    again: Duration,
    /// When the client wants to be told at the earliest.
    not_before: Instant,
    is_over: bool,
    _leave: Vec<OwnedSemaphorePermit>,
}

/// It took longer than it may.
struct Late;

/// What the client asks for, again and again.
struct Asked {
    text: String,
    operation_name: Option<String>,
    variables: Variables,
}

impl Api {
    /// Begins a live query. Its first answer is computed when this returns.
    pub(crate) async fn live(&self, request: Request, mut caller: Caller, document: Arc<Document>) -> Events {
        let (terms, marks, leave) = match self.asked_for(&request, &mut caller, &document) {
            Ok(asked_for) => asked_for,
            Err(error) => return Events::refused(error),
        };
        let Request { query: text, operation_name, variables, .. } = request;
        let asked = Asked { text, operation_name, variables };
        let key = match asked.key(caller.credential.as_deref()) {
            Ok(key) => key,
            Err(error) => return Events::refused(error),
        };
        let lookout = self.cache().look_out();
        let first = self.look(&caller, marks, &key, asked.request(), &document).await;
        let identity = first.kept.identity();
        let query = LiveQuery {
            api: self.clone(),
            shown: caller.shown.take().map(|shown| shown.digest),
            caller,
            document,
            asked,
            key,
            lookout,
            throttle: terms.throttle,
            identity,
            basis: None,
            again: AGAIN,
            not_before: Instant::now(),
            is_over: false,
            _leave: leave,
        };
        let events = stream::unfold((query, Some(first)), |(mut query, first)| async move {
            let event = query.next(first).await?;
            Some((event, (query, None)))
        });
        Events::new(identity, events)
    }

    /// The terms of a live query, what it must not be answered from before, and leave for one more.
    fn asked_for(
        &self,
        request: &Request,
        caller: &mut Caller,
        document: &Document,
    ) -> Result<(Terms, Vec<HistoryMark>, Vec<OwnedSemaphorePermit>), Error> {
        let not_live = || Error::internal("a query that is not live is begun as a live one");
        let terms = document.live(request)?.ok_or_else(not_live)?;
        if let Some(shown) = freshness::shown(request)? {
            caller.shown = Some(shown);
        }
        let shown = caller.shown.iter().filter_map(|shown| shown.mark.clone());
        let marks = caller.mark.take().into_iter().chain(freshness::required(request)?).chain(shown).collect();
        let quotas = std::iter::once(&self.live_queries().quota).chain(&caller.live_queries);
        Ok((terms, marks, quotas.map(LiveQuota::take).collect::<Result<_, _>>()?))
    }
}

impl LiveQuery {
    /// What is told next, `first` or what comes after it.
    async fn next(&mut self, mut first: Option<Look>) -> Option<Event> {
        while !self.is_over {
            let is_first = first.is_some();
            let look = match first.take() {
                Some(look) => look,
                None => {
                    self.wait().await;
                    match self.look().await? {
                        Ok(look) => look,
                        Err(Late) => {
                            self.put_off(None);
                            continue;
                        }
                    }
                }
            };
            if let Some(event) = self.judge(look, is_first).await {
                return Some(event);
            }
        }
        None
    }

    /// Waits until the answer may be another one, and its client wants to be told.
    async fn wait(&self) {
        match &self.basis {
            Some(basis) => self.lookout.changed(basis).await,
            None => sleep(self.again).await,
        }
        sleep_until(self.not_before).await;
    }

    /// None if the server does not look any more.
    async fn look(&self) -> Option<Result<Look, Late>> {
        let live = self.api.live_queries();
        let _turn = live.turns.acquire().await.ok()?;
        let look = self.api.look(&self.caller, Vec::new(), &self.key, self.asked.request(), &self.document);
        Some(timeout(live.time_limit, look).await.map_err(|_| Late))
    }

    /// Looks again later: what the client has is better than that it cannot be found out whether it still holds.
    fn put_off(&mut self, exceeded: Option<Exceeded>) {
        self.basis = None;
        self.again = match exceeded {
            Some(exceeded) => Duration::from_secs(exceeded.retry_after_seconds()),
            None => (self.again * 2).min(SELDOM),
        };
    }

    /// What is told of what was seen, if anything is.
    async fn judge(&mut self, look: Look, is_first: bool) -> Option<Event> {
        let Look { request, kept, basis, exceeded } = look;
        let is_refused = !matches!(kept.outcome(), Outcome::Complete | Outcome::Partial);
        if !is_first && kept.is_passing() {
            self.put_off(exceeded);
            return None;
        }
        if !is_first && kept.identity() != self.identity {
            self.is_over = true;
            return Some(Event::failed(Error::Unauthenticated("the session is over")));
        }
        if is_refused {
            self.is_over = true;
            return Some(Event::Failed(kept.errors()));
        }
        self.basis = basis.filter(|_| !kept.is_passing());
        self.again = AGAIN;
        let digest = kept.digest();
        if self.shown.replace(digest) == Some(digest) {
            return None;
        }
        self.not_before = Instant::now() + self.throttle;
        let mark = request.mark().await;
        let shown = Shown { digest, mark };
        let tail = freshness::tail_of_live(&shown, &request.provenance());
        Some(Event::Next { json: kept.json(&tail), shown: Some(shown) })
    }
}

impl Asked {
    fn request(&self) -> Request {
        let request = Request::new(&self.text).variables(self.variables.clone());
        match &self.operation_name {
            Some(name) => request.operation_name(name),
            None => request,
        }
    }

    /// Under which the answer is shared. What differs only in how it is written is another query.
    ///
    /// # Errors
    /// It is too large to be kept.
    fn key(&self, credential: Option<&str>) -> Result<ResponseKey, Error> {
        let Self { text, operation_name, variables } = self;
        let bytes = serde_json::to_vec(&(text, operation_name, variables)).map_err(Error::internal)?;
        if bytes.len() > MOST_BYTES {
            let message = format!("a live query has at most {MOST_BYTES} bytes, with its variables");
            return Err(Error::bad_user_input("query", message));
        }
        Ok(ResponseKey::new(FORM, credential, &bytes))
    }
}
