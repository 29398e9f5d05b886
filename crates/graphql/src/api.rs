use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Request, Response, ServerError, ValidationMode};
use chrono::{DateTime, Utc};
use sea_orm::DatabaseConnection;
use tidewater_cache::{Acceptance, Cache, Derived, HistoryMark, Policy, Provenance};
use tidewater_changelog::Tracking;
use tidewater_entity::selection::Selection;
use tidewater_entity::{Tracked, now, session, user};
use tidewater_limit::{Allowance, Exceeded, Network};
use uuid::Uuid;

use crate::account::{Passwords, token};
use crate::completion::Completion;
use crate::document::{Document, Documents};
use crate::response::{Answer, Kept, ResponseKey};
use crate::schema::{Schema, build_schema};
use crate::scope::{Scope, SessionChange, Viewer};
use crate::spending::{CostCount, Spending};
use crate::store::{Item, Policies, Reader, Store};
use crate::wake::{LeaveToSweep, Wake};
use crate::{Error, Exclusions, Views, freshness};

/// What an [`Api`] is made of.
#[derive(Clone, Debug)]
pub struct ApiSettings {
    /// The database.
    pub database: DatabaseConnection,
    /// The cache over its change log.
    pub cache: Cache,
    /// What the change log records.
    pub tracking: Vec<Tracking>,
    /// How long and how fresh what is kept of each entity is.
    pub policies: Policies,
    /// What a query may cost.
    pub limits: Limits,
    /// What is kept of whole responses.
    pub responses: Responses,
    /// How long a session is good for after signing in.
    pub session_lifetime: Duration,
    /// Whether what operations cost is counted by the allowances of their callers. Costs some time for each field.
    pub counts_cost: bool,
    /// What counts who sees what.
    pub views: Views,
    /// Who is told of jobs that come to be.
    pub wake: Arc<dyn Wake>,
}

impl ApiSettings {
    /// The defaults, for all entities: sessions are good for 30 days, views are counted in this process, and jobs are left to the
    /// sweep.
    pub fn new(database: DatabaseConnection, cache: Cache) -> Self {
        Self {
            database,
            cache,
            tracking: tidewater_entity::tracking(),
            policies: Policies::default(),
            limits: Limits::default(),
            responses: Responses::default(),
            session_lifetime: Duration::from_secs(30 * 24 * 60 * 60),
            counts_cost: false,
            views: Views::default(),
            wake: Arc::new(LeaveToSweep),
        }
    }
}

/// What a query may cost at most; beyond, it is refused before anything is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How deeply fields may be nested.
    pub depth: usize,
    /// How many fields may be answered, counting each as often as the page sizes allow.
    pub complexity: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 16, complexity: 20_000 }
    }
}

/// What is kept of whole responses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Responses {
    /// The bound of their memory in bytes; zero keeps none.
    pub memory_bytes: u64,
    /// How long one is kept at most. No longer than the first of its parts, in any case.
    pub ttl: Duration,
    /// Those that are never kept.
    pub exclusions: Exclusions,
}

impl Default for Responses {
    fn default() -> Self {
        Self { memory_bytes: 64 << 20, ttl: Policy::list().ttl, exclusions: Exclusions::default() }
    }
}

/// The API over one database. Cheap to clone.
#[derive(Clone)]
pub struct Api(Arc<Inner>);

struct Inner {
    /// Validates what it executes.
    validating: Schema,
    /// Executes what is known to be valid. It keeps to the limits all the same, since these hang on the variables.
    trusting: Schema,
    completion: Completion,
    documents: Documents,
    store: Arc<Store>,
    responses: Option<Derived<Kept>>,
    session_lifetime: Duration,
}

/// Who makes a request, and which answers they accept.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// The token of a session: a secret. One that is not good, or no longer, is nobody's.
    pub credential: Option<String>,
    /// How old the answer may be. Whether the credential is good is never answered from before.
    pub acceptance: Acceptance,
    /// What the answer must not be older than.
    pub mark: Option<HistoryMark>,
    /// How much they may do. That the request itself is one is counted by whoever calls this; what it costs and attempts is counted
    /// here.
    pub allowance: Allowance,
    /// Where they are, if that is known: what tells viewers apart who are not signed in.
    pub network: Option<Network>,
}

/// Whom a credential turned out to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// It could not be found out.
    Unknown,
    /// Nobody: there was none, or it is not good.
    Nobody,
    /// The user with this primary key.
    Viewer(Uuid),
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
    /// The limit that it exceeded, if it did; then it answers no data.
    pub exceeded: Option<Exceeded>,
}

/// A request that has arrived: whatever is answered to it is at least as fresh as that moment wants it.
#[derive(Debug)]
pub struct Arrival {
    request: tidewater_cache::Request,
    caller: Caller,
    /// Whether what is remembered is to be verified by it.
    verifies: bool,
}

/// What came of executing a request.
struct Ran {
    response: Response,
    session: SessionChange,
    session_ends: Option<DateTime<Utc>>,
    identity: Identity,
    exceeded: Option<Exceeded>,
}

impl Api {
    /// Ready to execute: the cache has been started, so nothing else is waited for.
    pub fn start(settings: ApiSettings) -> Self {
        let ApiSettings { database, cache, tracking, mut policies, .. } = settings;
        let ApiSettings { limits, responses, session_lifetime, counts_cost, views, wake, .. } = settings;
        // Who asks and what they may is not answered from before, unless that is asked for by name.
        for table in [session::Entity::TRACKING.table, user::Entity::TRACKING.table] {
            policies.overrides.entry(table.to_owned()).or_default().max_staleness.get_or_insert(Duration::ZERO);
        }
        let passwords = Passwords::default();
        let schema = |mode| {
            let mut schema = build_schema(passwords.clone(), views.clone(), Arc::clone(&wake)).validation_mode(mode);
            if counts_cost {
                schema = schema.extension(CostCount);
            }
            schema.limit_depth(limits.depth).limit_complexity(limits.complexity).finish()
        };
        let (validating, trusting) = (schema(ValidationMode::Strict), schema(ValidationMode::Fast));
        let completion = Completion::new(&validating.sdl()).unwrap_or_else(|cause| {
            tracing::error!(%cause, "the schema's own definition cannot be read; failed fields will be left out");
            Completion::default()
        });
        let Responses { memory_bytes, ttl, exclusions } = responses;
        let kept = (memory_bytes > 0).then(|| cache.derived("response", memory_bytes, ttl));
        Self(Arc::new(Inner {
            validating,
            trusting,
            completion,
            documents: Documents::new(limits.complexity, exclusions),
            store: Store::new(database, cache, tracking, policies),
            responses: kept,
            session_lifetime,
        }))
    }

    /// A request of `caller` that arrives now.
    pub fn arrive(&self, caller: Caller) -> Arrival {
        let request = self.0.store.cache().request();
        caller.mark.iter().cloned().for_each(|mark| request.require(mark));
        Arrival { request, caller, verifies: false }
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
        if !kept.is_good() {
            return None;
        }
        Some(answer(request, &kept, SessionChange::None, None).await)
    }

    /// The document of a request, parsed now or before. None if it cannot be parsed; then an error is the answer.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` when it is larger than [`Limits::complexity`] allows for, or nests deeper than [`MAX_DEPTH`](crate::MAX_DEPTH).
    pub fn document(&self, text: &str) -> Result<Option<Arc<Document>>, Error> {
        self.0.documents.get(&self.0.completion, text)
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
        let Arrival { request: reads, mut caller, verifies } = arrival;
        let is_from_source = matches!(caller.acceptance, Acceptance::Source { .. });
        let responses = self.0.responses.as_ref().filter(|_| {
            let may_be_kept = |document: &Arc<Document>| self.0.documents.may_be_kept(document, &request);
            !is_from_source && document.as_ref().is_some_and(may_be_kept)
        });
        let reader = self.0.store.reader_for(reads.clone());
        let Some(responses) = responses else {
            let ran = self.run(&reader, &caller, request, document.as_deref()).await;
            return answer(&reads, &kept(&ran), ran.session, ran.exceeded).await;
        };
        if verifies {
            caller.acceptance = Acceptance::Source { keep: false };
            let ran = self.run(&reader, &caller, request, document.as_deref()).await;
            let kept = kept(&ran);
            responses.verify(&reads, key.bytes(), |remembered| remembered.is_same(&kept)).await;
            return answer(&reads, &kept, ran.session, ran.exceeded).await;
        }
        let mut exceeded = None;
        let compute = || async {
            let ran = self.run(&reader, &caller, request, document.as_deref()).await;
            exceeded = ran.exceeded;
            let kept = kept(&ran);
            let sharing = kept.sharing();
            (kept, sharing)
        };
        let kept = responses.read(&reads, key.bytes(), compute).await;
        answer(&reads, &kept, SessionChange::None, exceeded).await
    }

    /// Executes a request of `caller` that arrives now, whatever is remembered. The request may require a mark by itself, in
    /// `extensions.tidewater.mark`.
    ///
    /// Every error of the response has an `extensions.code`.
    pub async fn execute(&self, request: Request, caller: Caller) -> Executed {
        let Arrival { request: reads, caller, .. } = self.arrive(caller);
        let reader = self.0.store.reader_for(reads.clone());
        let Ran { mut response, session, exceeded, .. } = match self.document(&request.query) {
            Ok(document) => self.run(&reader, &caller, request, document.as_deref()).await,
            Err(error) => Ran {
                response: refusal(error),
                session: SessionChange::None,
                session_ends: None,
                identity: Identity::Unknown,
                exceeded: None,
            },
        };
        let mark = reads.mark().await;
        let provenance = reads.provenance();
        freshness::report(&mut response, mark.as_ref(), &provenance);
        Executed { response, session, mark, provenance, exceeded }
    }

    /// The cache.
    pub fn cache(&self) -> &Cache {
        self.0.store.cache()
    }

    pub(crate) fn store(&self) -> &Arc<Store> {
        &self.0.store
    }

    async fn run(&self, reader: &Reader, caller: &Caller, request: Request, document: Option<&Document>) -> Ran {
        let session = Arc::default();
        let (mut session_ends, mut identity) = (None, Identity::Unknown);
        let spending = Spending::new(caller.allowance.clone());
        let mut response = match self.admit(reader, &request, caller).await {
            Ok(admitted) => {
                let viewer = admitted.map(|(viewer, end)| {
                    session_ends = Some(end);
                    viewer
                });
                identity = viewer.map_or(Identity::Nobody, |viewer| Identity::Viewer(viewer.user));
                let (session, lifetime) = (Arc::clone(&session), self.0.session_lifetime);
                let scope = Scope::with_session(reader.clone(), viewer, lifetime, session, spending.clone());
                self.resolve(request.data(scope.of_client_at(caller.network)), document).await
            }
            Err(error) => refusal(error),
        };
        response.errors.iter_mut().for_each(blame_the_document);
        let session = std::mem::take(&mut *session.lock());
        let exceeded = spending.exceeded();
        if exceeded.is_some() {
            // Others who send the same bytes without a credential may have an allowance of their own.
            reader.request().rests_on_the_unknown();
        }
        Ran { response, session, session_ends, identity, exceeded }
    }

    async fn resolve(&self, request: Request, document: Option<&Document>) -> Response {
        let Inner { validating, trusting, completion, .. } = &*self.0;
        let Some(document) = document else { return validating.execute(request).await };
        if document.needs_no_validation(completion.types(), &request) {
            return completion.execute_prepared(trusting, request, document.prepared()).await;
        }
        let response = completion.execute_prepared(validating, request, document.prepared()).await;
        document.was_validated(&response);
        response
    }

    /// Finds out who asks and until when they may, and lets `reader` read as they wish from then on.
    async fn admit(
        &self,
        reader: &Reader,
        request: &Request,
        caller: &Caller,
    ) -> Result<Option<(Viewer, DateTime<Utc>)>, Error> {
        if let Some(mark) = freshness::required(request)? {
            reader.request().require(mark);
            // The next request with this text might be compared with a mark of another history.
            reader.request().rests_on_the_unknown();
        }
        let viewer = match &caller.credential {
            Some(token) => viewer(reader, token).await?,
            None => None,
        };
        reader.request().accept(caller.acceptance);
        Ok(viewer)
    }
}

impl std::fmt::Debug for Api {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Api").finish_non_exhaustive()
    }
}

fn kept(ran: &Ran) -> Kept {
    Kept::new(&ran.response, ran.session_ends, ran.identity)
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
fn blame_the_document(error: &mut ServerError) {
    let extensions = error.extensions.get_or_insert_default();
    if extensions.get("code").is_none() {
        extensions.set("code", Error::bad_user_input("query", "").code());
    }
}

/// Whom `token` shows, and until when.
pub(crate) async fn viewer(reader: &Reader, token: &str) -> Result<Option<(Viewer, DateTime<Utc>)>, Error> {
    let sessions = Selection::each::<session::Entity>(session::Column::TokenHash, token::hash(token));
    let session = reader.first::<session::Entity>(&sessions).await?.filter(|session| session.expires_at > now());
    let Some(session) = session else { return Ok(None) };
    let user = reader.item::<user::Entity>(session.user_id).await?;
    let viewer = |user: Item<user::Model>| Viewer { user: user.id, role: user.role, session: session.id };
    Ok(user.map(|user| (viewer(user), session.expires_at)))
}
