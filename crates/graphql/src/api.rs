use std::sync::Arc;
use std::time::Duration;

use async_graphql::extensions::ExtensionFactory;
use async_graphql::{Executor, Request, Response, ServerError, ValidationMode};
use parking_lot::Mutex;
use tidewater_cache::{Acceptance, Basis, Cache, Derived, HistoryMark, Provenance};
use tidewater_entity::selection::Selection;
use tidewater_entity::{Tracked, now, session, user};
use tidewater_limit::Exceeded;

use crate::account::{Activity, Passwords, token};
use crate::caller::{Arrival, Caller, Identity};
use crate::completion::Completion;
use crate::document::{Document, Documents, say_plainly};
use crate::explain::{Bypass, Report};
use crate::idempotency::Idempotency;
use crate::live::Live;
use crate::response::{Answer, Held, Kept, Outcome, ResponseKey};
use crate::schema::{Resources, Schema, SchemaSettings};
use crate::scope::{Scope, SessionChange, Sessions, Viewer};
use crate::settings::{ApiSettings, Responses};
use crate::spending::{CostCount, Spending};
use crate::store::{Reader, Store};
use crate::subscription::EventScope;
use crate::tide::{Development, OperationCounters};
use crate::{Error, WriterName, freshness};

/// How many mistakes are told of a document that is not executed.
const MAX_MISTAKES: usize = 100;

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
    live: Live,
    session_lifetime: Duration,
    activity: Activity,
    writer: WriterName,
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

/// What came of executing a live query once.
pub(crate) struct Look {
    /// What was read for it.
    pub(crate) request: tidewater_cache::Request,
    pub(crate) kept: Arc<Kept>,
    /// What it rests on, if that is known.
    pub(crate) basis: Option<Basis>,
}

/// What came of executing a request.
struct Ran {
    response: Response,
    outcome: Outcome,
    session: SessionChange,
    held: Option<Held>,
    identity: Identity,
    exceeded: Option<Exceeded>,
    replayed: bool,
}

impl Api {
    /// Ready to execute: the cache has been started, so nothing else is waited for. Must be called within a runtime.
    pub fn start(settings: ApiSettings) -> Self {
        let ApiSettings { database, cache, tracking, mut policies, limits, responses, counts_cost, .. } = settings;
        let ApiSettings { session_lifetime, session_idle_timeout, views, wake, jobs, writer, development, .. } =
            settings;
        // Who asks and what they may is not answered from before, unless that is asked for by name.
        for table in [session::Entity::TRACKING.table, user::Entity::TRACKING.table] {
            policies.overrides.entry(table.to_owned()).or_default().max_staleness.get_or_insert(Duration::ZERO);
        }
        let Responses { memory_bytes, ttl, exclusions } = responses;
        let documents = Documents::new(limits, exclusions);
        let resources = Resources {
            passwords: Passwords::default(),
            views,
            wake,
            operations: documents.operations(),
            jobs,
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
        Self(Arc::new(Inner {
            validating,
            trusting,
            streaming,
            completion,
            documents,
            activity: Activity::follow(database.clone(), session_idle_timeout),
            store: Store::new(database, cache, tracking, policies),
            responses: kept,
            live: Live::default(),
            session_lifetime,
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
        let kept = responses.get(request, key.bytes(), caller.acceptance).await?;
        if !self.is_in_use(&kept) {
            return None;
        }
        let answer = answer(request, &kept, SessionChange::None, None).await;
        if let Some(counters) = &kept.counters {
            counters.remembered(&answer.provenance);
        }
        Some(answer)
    }

    /// Whether the session that a response was made in, if it was in one, is good as far as this server knows; then it is in use.
    fn is_in_use(&self, kept: &Kept) -> bool {
        let Some(Held { expires_at, seen, .. }) = &kept.held else { return true };
        let now = now();
        // Other servers may have seen a session that looks idle here.
        let is_good = *expires_at > now && self.0.activity.is_alive(seen, now);
        if is_good {
            self.0.activity.used(seen, now);
        }
        is_good
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
        let reader = self.0.store.reader_for(reads.clone());
        let counters = counters(document.as_deref(), &request);
        let Some(responses) = responses else {
            let bypassed = match &self.0.responses {
                None => Bypass::Off,
                Some(_) if is_from_source => Bypass::FromSource,
                Some(_) if !is_remembered => Bypass::MakesKnown,
                Some(_) => Bypass::NotKept,
            };
            let ran = self.run(&reader, &caller, request, document.as_deref()).await;
            let kept = kept(&ran);
            let mut answer = answer(&reads, &kept, ran.session, ran.exceeded).await;
            count(counters.as_deref(), &reads, &answer);
            self.explain(&mut answer, &reader, None, Some(bypassed)).await;
            return Answer { replayed: ran.replayed, ..answer };
        };
        if verifies {
            caller.acceptance = Acceptance::Source { keep: false };
            let ran = self.run(&reader, &caller, request, document.as_deref()).await;
            let kept = kept(&ran);
            responses.verify(&reads, key.bytes(), |remembered| remembered.is_same(&kept)).await;
            let mut answer = answer(&reads, &kept, ran.session, ran.exceeded).await;
            count(counters.as_deref(), &reads, &answer);
            self.explain(&mut answer, &reader, None, Some(Bypass::Verified)).await;
            return answer;
        }
        let again = reads.is_explained().then(|| copy(&request));
        let mut exceeded = None;
        let compute = || async {
            let ran = self.run(&reader, &caller, request, document.as_deref()).await;
            exceeded = ran.exceeded;
            let kept = kept(&ran).counted_by(counters.clone());
            let sharing = kept.sharing();
            (kept, sharing)
        };
        let kept = responses.read(&reads, key.bytes(), compute).await;
        let mut answer = answer(&reads, &kept, SessionChange::None, exceeded).await;
        count(counters.as_deref(), &reads, &answer);
        if let Some(again) = again {
            let was_joined = || reads.explanation().is_some_and(|told| told.steps.is_empty());
            let replay = match was_joined() && self.may_be_told(&answer) {
                true => Some(self.replay(&caller, again, document.as_deref()).await),
                false => None,
            };
            self.explain(&mut answer, &reader, replay.as_ref(), None).await;
        }
        answer
    }

    /// Adds to an answer that was remembered what it rests on. Its request, whose text is `document`'s, is carried out again for that,
    /// and what comes of it is only looked at.
    pub async fn explain_remembered(
        &self,
        answer: &mut Answer,
        arrival: Arrival,
        request: Request,
        document: Option<Arc<Document>>,
    ) {
        let Arrival { request: reads, caller, .. } = arrival;
        let reader = self.0.store.reader_for(reads);
        let replay = match self.may_be_told(answer) {
            true => Some(self.replay(&caller, request, document.as_deref()).await),
            false => None,
        };
        self.tell(answer, &reader, replay.as_ref(), None).await;
    }

    /// Carries out a request once more; returns what it was read by.
    async fn replay(&self, caller: &Caller, request: Request, document: Option<&Document>) -> Reader {
        let Arrival { request: reads, caller, .. } = self.arrive(caller.clone());
        let reader = self.0.store.reader_for(reads);
        self.run(&reader, &caller, request, document).await;
        reader
    }

    fn may_be_told(&self, answer: &Answer) -> bool {
        self.0.development || answer.may_be_told
    }

    /// Adds to an answer how it was made, if whoever asked wants to know.
    async fn explain(&self, answer: &mut Answer, reader: &Reader, replay: Option<&Reader>, bypassed: Option<Bypass>) {
        if reader.request().is_explained() {
            self.tell(answer, reader, replay, bypassed).await;
        }
    }

    async fn tell(&self, answer: &mut Answer, reader: &Reader, replay: Option<&Reader>, bypassed: Option<Bypass>) {
        let told = if self.may_be_told(answer) {
            let report = Report::new(reader.request(), reader, replay, bypassed, &self.0.writer).await;
            report.and_then(|report| serde_json::to_string(&report).ok())
        } else {
            Some(r#"{"refused":"only an ADMIN is told how requests are answered"}"#.to_owned())
        };
        if let Some(told) = told {
            freshness::explain(&mut answer.tail, &told);
        }
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
        let Ran { mut response, session, exceeded, identity, replayed, .. } = match document {
            Ok(document) => self.run(&reader, &caller, request, document.as_deref()).await,
            Err(error) => Ran {
                response: refusal(error.clone()),
                outcome: Outcome::Refused(error),
                session: SessionChange::None,
                held: None,
                identity: Identity::Unknown,
                exceeded: None,
                replayed: false,
            },
        };
        let mark = reads.mark().await;
        let provenance = reads.provenance();
        freshness::report(&mut response, mark.as_ref(), &provenance);
        Executed { response, session, mark, provenance, identity, exceeded, replayed }
    }

    /// Executes a request of `caller` that arrives now for a live query, or joins others that do. No older answer than these marks is
    /// accepted.
    pub(crate) async fn look(
        &self,
        caller: &Caller,
        marks: Vec<HistoryMark>,
        key: &ResponseKey,
        request: Request,
        document: &Arc<Document>,
    ) -> Look {
        let reads = self.0.store.cache().request();
        marks.into_iter().for_each(|mark| reads.require(mark));
        let responses = self.0.responses.as_ref().filter(|_| self.0.documents.may_be_kept(document, &request));
        let reader = self.0.store.reader_for(reads.clone());
        let compute = || async { kept(&self.run(&reader, caller, request, Some(document)).await) };
        let (kept, basis) = match responses {
            None => {
                let (kept, basis) = reads.with_basis(compute()).await;
                (Arc::new(kept), basis)
            }
            Some(responses) => match responses.get_with_basis(&reads, key.bytes(), caller.acceptance).await {
                Some((kept, basis)) if self.is_in_use(&kept) => (kept, Some(basis)),
                _ => {
                    let compute = || async {
                        let kept = compute().await;
                        let sharing = kept.sharing();
                        (kept, sharing)
                    };
                    responses.read_with_basis(&reads, key.bytes(), compute).await
                }
            },
        };
        Look { request: reads, kept, basis }
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

    async fn run(&self, reader: &Reader, caller: &Caller, request: Request, document: Option<&Document>) -> Ran {
        let change: Arc<Mutex<SessionChange>> = Arc::default();
        let (mut held, mut identity) = (None, Identity::Unknown);
        let spending = Spending::new(caller.allowance.clone());
        let idempotency = Idempotency::new(caller.idempotency_key.clone());
        let fields = || document.map_or(0, |document| document.root_fields(request.operation_name.as_deref()));
        let admitted = match idempotency.refuse_several(fields) {
            Ok(()) => self.admit(reader, &request, caller).await,
            Err(error) => Err(error),
        };
        let (mut response, refused) = match admitted {
            Ok(admitted) => {
                let viewer = admitted.map(|(viewer, session)| {
                    held = Some(session);
                    viewer
                });
                identity = viewer.map_or(Identity::Nobody, |viewer| Identity::Viewer(viewer.user));
                let (lifetime, device) = (self.0.session_lifetime, caller.device.clone());
                let sessions = Sessions { lifetime, device, change: Arc::clone(&change) };
                let scope = Scope::with_sessions(reader.clone(), viewer, sessions, spending.clone());
                let scope = scope.of_client_at(caller.network).known_as(idempotency.clone());
                (self.resolve(request.data(scope), document).await, None)
            }
            Err(error) => (refusal(error.clone()), Some(error)),
        };
        let exceeded = spending.exceeded();
        let outcome = match refused {
            Some(error) => Outcome::Refused(error),
            None => Outcome::of(&response, document.is_some(), exceeded),
        };
        if matches!(outcome, Outcome::Unparsed | Outcome::Refused(_)) {
            // A document can have more mistakes than anybody reads.
            response.errors.truncate(MAX_MISTAKES);
        }
        response.errors.iter_mut().for_each(blame_the_document);
        let session = std::mem::take(&mut *change.lock());
        if exceeded.is_some() {
            // Others who send the same bytes without a credential may have an allowance of their own.
            reader.request().rests_on_the_unknown();
        }
        let replayed = idempotency.is_replayed();
        Ran { response, outcome, session, held, identity, exceeded, replayed }
    }

    async fn resolve(&self, request: Request, document: Option<&Document>) -> Response {
        let Inner { validating, trusting, completion, .. } = &*self.0;
        let Some(document) = document else { return validating.execute(request).await };
        if document.is_subscription(request.operation_name.as_deref()) {
            return refusal(Error::bad_user_input(
                "query",
                "a subscription is carried out over a WebSocket, or with `Accept: text/event-stream`",
            ));
        }
        if document.needs_no_validation(completion.types(), &request) {
            return completion.execute_prepared(trusting, request, document.prepared()).await;
        }
        let response = completion.execute_prepared(validating, request, document.prepared()).await;
        document.was_validated(&response);
        response
    }

    /// Finds out who asks and until when they may, and lets `reader` read as they wish from then on.
    pub(crate) async fn admit(
        &self,
        reader: &Reader,
        request: &Request,
        caller: &Caller,
    ) -> Result<Option<(Viewer, Held)>, Error> {
        if let Some(mark) = freshness::required(request)? {
            reader.request().require(mark);
            // The next request with this text might be compared with a mark of another history.
            reader.request().rests_on_the_unknown();
        }
        let viewer = match &caller.credential {
            Some(token) => self.viewer(reader, token).await?,
            None => None,
        };
        reader.request().accept(caller.acceptance);
        Ok(viewer)
    }

    /// The holder of `token`, if its session is good: it has neither expired nor been unused for too long, and its user has the role
    /// that it was begun with.
    pub(crate) async fn viewer(&self, reader: &Reader, token: &str) -> Result<Option<(Viewer, Held)>, Error> {
        let sessions = Selection::each::<session::Entity>(session::Column::TokenHash, token::hash(token));
        let now = now();
        let session = reader.first::<session::Entity>(&sessions).await?.filter(|session| session.expires_at > now);
        let Some(session) = session else { return Ok(None) };
        let user = reader.item::<user::Entity>(session.user_id).await?.filter(|user| user.role == session.role);
        let Some(user) = user else { return Ok(None) };
        let Some(seen) = self.0.activity.alive(&self.0.store, &session, now).await? else {
            // Another server may be recording that it was used in time.
            reader.request().rests_on_the_unknown();
            return Ok(None);
        };
        self.0.activity.used(&seen, now);
        let viewer = Viewer { user: user.id, role: user.role, session: session.id };
        let is_admin = viewer.is_admin();
        Ok(Some((viewer, Held { expires_at: session.expires_at, seen, is_admin })))
    }
}

impl std::fmt::Debug for Api {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Api").finish_non_exhaustive()
    }
}

/// A request with the same bytes; what it carries otherwise is put there when it is carried out.
fn copy(request: &Request) -> Request {
    let Request { query, operation_name, variables, extensions, .. } = request;
    let mut copy = Request::new(query).variables(variables.clone());
    copy.operation_name.clone_from(operation_name);
    copy.extensions.clone_from(extensions);
    copy
}

/// What has served the operation of a request.
fn counters(document: Option<&Document>, request: &Request) -> Option<Arc<OperationCounters>> {
    document?.counters(request.operation_name.as_deref())
}

fn count(counters: Option<&OperationCounters>, request: &tidewater_cache::Request, answer: &Answer) {
    if let Some(counters) = counters {
        counters.executed(&answer.provenance, &request.misses(), answer.outcome != Outcome::Complete);
    }
}

fn kept(ran: &Ran) -> Kept {
    Kept::new(&ran.response, ran.outcome.clone(), ran.held.clone(), ran.identity)
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

/// A response that is only this error.
pub fn refusal(error: Error) -> Response {
    Response::from_errors(vec![error.into()])
}

/// Resolvers put a code on what they answer; what has none was found wrong with the document or its variables.
pub(crate) fn blame_the_document(error: &mut ServerError) {
    let extensions = error.extensions.get_or_insert_default();
    if extensions.get("code").is_none() {
        say_plainly(&mut error.message);
        extensions.set("code", Error::bad_user_input("query", "").code());
    }
}
