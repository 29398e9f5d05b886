mod admission;
mod carrying_out;
mod counting;
mod explaining;
mod looking;
mod observing;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::extensions::ExtensionFactory;
use async_graphql::{Request, Response, ValidationMode};
use bytes::Bytes;
use tidewater_cache::{Acceptance, Cache, Derived, HistoryMark, Provenance};
use tidewater_entity::{Tracked, session, user};
use tidewater_limit::Exceeded;
use tracing::Instrument;

pub(crate) use self::carrying_out::blame_the_document;
pub use self::carrying_out::refusal;
use self::carrying_out::{Form, Ran};
use self::counting::Counts;
use self::explaining::copy;
pub(crate) use self::looking::Look;
use crate::account::{Activity, Passwords};
use crate::caller::{Arrival, Caller, Identity};
use crate::completion::Completion;
use crate::document::{Document, Documents};
use crate::explain::Bypass;
use crate::live::Live;
use crate::response::{Answer, Kept, ResponseKey};
use crate::schema::{Resources, Schema, SchemaSettings};
use crate::scope::SessionChange;
use crate::settings::{ApiSettings, Responses};
use crate::slow::SlowLog;
use crate::spending::CostCount;
use crate::store::Store;
use crate::subscription::EventScope;
use crate::tide::{Development, OperationCounters};
use crate::{Error, WriterName, freshness};

/// The API over one database. Cheap to clone.
#[derive(Clone)]
pub struct Api(Arc<Inner>);

struct Inner {
    /// Validates what it executes.
    validating: Schema,
    /// Executes what is known to be valid. It keeps to the limits all the same, since these hang on the variables.
    trusting: Schema,
    /// Begins subscriptions.
    streaming: Schema,
    completion: Completion,
    documents: Documents,
    store: Arc<Store>,
    responses: Option<Derived<Kept>>,
    parts: Option<Derived<Bytes>>,
    live: Live,
    session_lifetime: Duration,
    activity: Activity,
    counts: Counts,
    writer: WriterName,
    slow: Option<SlowLog>,
    development: bool,
}

/// What came of a request.
#[derive(Debug)]
pub struct Executed {
    /// The answer. `extensions.tidewater` holds the mark, and says so when the answer is stale.
    pub response: Response,
    /// What became of the caller's session.
    pub session: SessionChange,
    /// What no later request that requires it is answered from before. None if the database cannot be asked.
    pub mark: Option<HistoryMark>,
    /// What served it.
    pub provenance: Provenance,
    /// Who asked.
    pub identity: Identity,
    /// The limit that it exceeded, if it did; then it answers no data.
    pub exceeded: Option<Exceeded>,
    /// Whether an earlier request with the same key had done it.
    pub replayed: bool,
}

impl Api {
    /// Ready to execute: the cache has been started, so nothing else is waited for. Must be called within a runtime.
    pub fn start(settings: ApiSettings) -> Self {
        let ApiSettings { database, statements, cache, tracking, mut policies, limits, responses, .. } = settings;
        let ApiSettings { session_lifetime, session_idle_timeout, views, wake, jobs, log_levels, .. } = settings;
        let ApiSettings { slow_operation, writer, development, counts_cost, .. } = settings;
        let live = Live::new(settings.live_queries);
        // Who asks and what they may is not answered from before, unless that is asked for by name.
        for table in [session::Entity::TRACKING.table, user::Entity::TRACKING.table] {
            policies.overrides.entry(table.to_owned()).or_default().max_staleness.get_or_insert(Duration::ZERO);
        }
        let Responses { memory_bytes, part_bytes, ttl, exclusions } = responses;
        let documents = Documents::new(limits, exclusions);
        let resources = Resources {
            passwords: Passwords::default(),
            views,
            wake,
            operations: documents.operations(),
            jobs,
            log_levels,
            writer: writer.clone(),
            development: Development(development),
        };
        let schema = |validation, tells: bool| {
            let mut extensions: Vec<Arc<dyn ExtensionFactory>> = Vec::new();
            if counts_cost {
                extensions.push(Arc::new(CostCount));
            }
            if tells {
                extensions.push(Arc::new(EventScope));
            }
            Schema::new(resources.clone(), SchemaSettings { validation, limits, extensions })
        };
        let (validating, trusting) = (schema(ValidationMode::Strict, false), schema(ValidationMode::Fast, false));
        let streaming = schema(ValidationMode::Strict, true);
        let completion = Completion::new(&validating.sdl()).unwrap_or_else(|cause| {
            tracing::error!(%cause, "the schema's own definition cannot be read; failed fields will be left out");
            Completion::default()
        });
        let kept = (memory_bytes > 0).then(|| cache.derived("response", memory_bytes, ttl));
        let parts = (part_bytes > 0).then(|| cache.derived("part", part_bytes, ttl));
        Self(Arc::new(Inner {
            validating,
            trusting,
            streaming,
            completion,
            documents,
            activity: Activity::follow(database.clone(), session_idle_timeout),
            store: Store::new(database, statements, cache, tracking, policies),
            counts: Counts::default(),
            responses: kept,
            parts,
            live,
            session_lifetime,
            slow: slow_operation.map(|from| SlowLog::new(from, writer.clone())),
            writer,
            development,
        }))
    }

    /// A request of `caller` that arrives now.
    pub fn arrive(&self, caller: Caller) -> Arrival {
        let request = self.0.store.cache().request();
        caller.mark.iter().cloned().for_each(|mark| request.require(mark));
        if caller.explains {
            request.explain();
        }
        Arrival { request, caller, verifies: false, is_remembered: true }
    }

    /// The answer to a request that has been answered before, if it still holds. Nothing is parsed for it.
    pub async fn remembered(&self, arrival: &mut Arrival, key: &ResponseKey) -> Option<Answer> {
        let responses = self.0.responses.as_ref()?;
        arrival.verifies = responses.is_to_be_verified(key.bytes());
        if arrival.verifies {
            return None;
        }
        let Arrival { request, caller, .. } = arrival;
        let looking = observing::looking();
        // Pinned where it is made: being moved into its span is felt.
        let kept = pin!(responses.get(request, key.bytes(), caller.acceptance)).instrument(looking.clone()).await;
        looking.record("tidewater.found", kept.is_some());
        let kept = kept?;
        if !self.is_in_use(&kept) {
            return None;
        }
        let answer = answer(request, &kept, SessionChange::None, None).await;
        let counters = kept.counters.as_deref();
        if let Some(counters) = counters {
            counters.remembered(&answer.provenance, request.elapsed());
        }
        self.observe_remembered(counters.map(OperationCounters::label), &looking, request, &answer.provenance);
        Some(answer)
    }

    /// The document of a request, parsed now or before. None if it cannot be parsed; then an error is the answer.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` when it is larger than its [`Limits`](crate::Limits), or nests deeper than [`MAX_DEPTH`](crate::MAX_DEPTH).
    pub fn document(&self, text: &str) -> Result<Option<Arc<Document>>, Error> {
        self.0.documents.get(&self.0.completion, text, false)
    }

    /// Like [`document`](Self::document), of a text that is known to be nobody's but the operator's: it may ask for the schema in any
    /// case. Whether a text is trusted must not change while this lives.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` when it is too large, as before.
    pub fn trusted_document(&self, text: &str) -> Result<Option<Arc<Document>>, Error> {
        self.0.documents.get(&self.0.completion, text, true)
    }

    /// Executes the request of an arrival, whose text is `document`'s, once for all who send the same at the same time. What has
    /// been answered is remembered under `key`, if it can be. The request may require a mark by itself, in
    /// `extensions.tidewater.mark`.
    ///
    /// Every error of the response has an `extensions.code`.
    pub async fn answer(
        &self,
        arrival: Arrival,
        key: &ResponseKey,
        request: Request,
        document: Option<Arc<Document>>,
    ) -> Answer {
        let Arrival { request: reads, mut caller, verifies, is_remembered } = arrival;
        let is_from_source = matches!(caller.acceptance, Acceptance::Source { .. });
        let responses = self.0.responses.as_ref().filter(|_| {
            let may_be_kept = |document: &Arc<Document>| self.0.documents.may_be_kept(document, &request);
            is_remembered && !is_from_source && document.as_ref().is_some_and(may_be_kept)
        });
        let bypassed = match responses {
            Some(_) if verifies => Some(Bypass::Verified),
            Some(_) => None,
            None if self.0.responses.is_none() => Some(Bypass::Off),
            None if is_from_source => Some(Bypass::FromSource),
            None if !is_remembered => Some(Bypass::MakesKnown),
            None => Some(Bypass::NotKept),
        };
        let reader = self.0.store.reader_for(reads.clone());
        let counters = counters(document.as_deref(), &request);
        let observed = self.observe(counters.as_ref(), &reader, bypassed);
        let explains = caller.explains;
        let mut replay = None;
        let answering = async {
            match responses.filter(|_| !verifies) {
                None => {
                    if verifies {
                        caller.acceptance = Acceptance::Source { keep: false };
                    }
                    let ran = self.run(&reader, &caller, request, document.as_deref(), Form::Text).await;
                    let kept = self.answered(&ran).counted_by(counters.clone());
                    if let Some(responses) = responses {
                        responses.verify(&reads, key.bytes(), |remembered| remembered.is_same(&kept)).await;
                    }
                    let answer = answer(&reads, &kept, ran.session, ran.exceeded).await;
                    Answer { replayed: ran.replayed, ..answer }
                }
                Some(responses) => {
                    let again = explains.then(|| copy(&request));
                    let mut exceeded = None;
                    let compute = || async {
                        let ran = self.run(&reader, &caller, request, document.as_deref(), Form::Text).await;
                        exceeded = ran.exceeded;
                        let kept = self.answered(&ran).counted_by(counters.clone());
                        let sharing = kept.sharing();
                        (kept, sharing)
                    };
                    let kept = responses.read(&reads, key.bytes(), compute).await;
                    let answer = answer(&reads, &kept, SessionChange::None, exceeded).await;
                    let was_joined = || reads.explanation().is_some_and(|told| told.steps.is_empty());
                    if let Some(again) = again
                        && was_joined()
                        && self.may_be_told(&answer)
                    {
                        replay = Some(self.replay(&caller, again, document.as_deref()).await);
                    }
                    answer
                }
            }
        };
        let mut answer = Box::pin(answering.instrument(observed.span())).await;
        observed.answered(&answer.outcome);
        if explains {
            self.tell(&mut answer, &reader, replay.as_ref(), bypassed).await;
        }
        answer
    }

    /// Executes a request of `caller` that arrives now, whatever is remembered. The request may require a mark by itself, in
    /// `extensions.tidewater.mark`.
    ///
    /// Every error of the response has an `extensions.code`.
    pub async fn execute(&self, request: Request, caller: Caller) -> Executed {
        let document = self.document(&request.query);
        self.execute_document(request, document, caller).await
    }

    /// Like [`execute`](Self::execute), of the document that the request's text is.
    pub(crate) async fn execute_document(
        &self,
        request: Request,
        document: Result<Option<Arc<Document>>, Error>,
        caller: Caller,
    ) -> Executed {
        let Arrival { request: reads, caller, .. } = self.arrive(caller);
        let reader = self.0.store.reader_for(reads.clone());
        let document = document.as_ref().map(Option::as_deref);
        let counters = counters(document.ok().flatten(), &request);
        let observed = self.observe(counters.as_ref(), &reader, Some(Bypass::NotKept));
        let executing = async {
            let ran = match document {
                Ok(document) => {
                    let ran = self.run(&reader, &caller, request, document, Form::Values).await;
                    self.count_errors(&ran.response);
                    ran
                }
                Err(error) => Ran::refused(error.clone()),
            };
            (ran, reads.mark().await)
        };
        let (ran, mark) = Box::pin(executing.instrument(observed.span())).await;
        observed.answered(&ran.outcome);
        let Ran { mut response, session, exceeded, identity, replayed, .. } = ran;
        let provenance = reads.provenance();
        freshness::report(&mut response, mark.as_ref(), &provenance);
        Executed { response, session, mark, provenance, identity, exceeded, replayed }
    }

    pub(crate) fn live_queries(&self) -> &Live {
        &self.0.live
    }

    /// The cache.
    pub fn cache(&self) -> &Cache {
        self.0.store.cache()
    }

    /// What begins subscriptions, and completes their responses.
    pub(crate) fn streaming(&self) -> (&Completion, &Schema) {
        (&self.0.completion, &self.0.streaming)
    }

    pub(crate) fn store(&self) -> &Arc<Store> {
        &self.0.store
    }
}

impl std::fmt::Debug for Api {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Api").finish_non_exhaustive()
    }
}

/// What has served the operation of a request.
fn counters(document: Option<&Document>, request: &Request) -> Option<Arc<OperationCounters>> {
    document?.counters(request.operation_name.as_deref())
}

async fn answer(
    request: &tidewater_cache::Request,
    kept: &Kept,
    session: SessionChange,
    exceeded: Option<Exceeded>,
) -> Answer {
    let mark = request.mark().await;
    Answer::new(kept, session, mark, request.provenance(), exceeded)
}
