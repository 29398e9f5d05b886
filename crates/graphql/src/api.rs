use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Request, Response, ServerError};
use sea_orm::DatabaseConnection;
use tidewater_cache::{Acceptance, Cache, HistoryMark, Provenance};
use tidewater_changelog::Tracking;
use tidewater_entity::selection::Selection;
use tidewater_entity::{Tracked, now, session, user};

use crate::Error;
use crate::account::token;
use crate::completion::Completion;
use crate::freshness;
use crate::schema::{Schema, build_schema};
use crate::scope::{Scope, SessionChange, Viewer};
use crate::store::{Policies, Reader, Store};

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
    /// How long a session is good for after signing in.
    pub session_lifetime: Duration,
}

impl ApiSettings {
    /// The defaults, for all entities: sessions are good for 30 days.
    pub fn new(database: DatabaseConnection, cache: Cache) -> Self {
        Self {
            database,
            cache,
            tracking: tidewater_entity::tracking(),
            policies: Policies::default(),
            limits: Limits::default(),
            session_lifetime: Duration::from_secs(30 * 24 * 60 * 60),
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

/// The API over one database. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    schema: Schema,
    completion: Arc<Completion>,
    store: Arc<Store>,
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
}

impl Api {
    /// Ready to execute: the cache has been started, so nothing else is waited for.
    pub fn start(settings: ApiSettings) -> Self {
        let ApiSettings { database, cache, tracking, mut policies, limits, session_lifetime } = settings;
        // Who asks and what they may is not answered from before, unless that is asked for by name.
        for table in [session::Entity::TRACKING.table, user::Entity::TRACKING.table] {
            policies.overrides.entry(table.to_owned()).or_default().max_staleness.get_or_insert(Duration::ZERO);
        }
        let schema = build_schema().limit_depth(limits.depth).limit_complexity(limits.complexity).finish();
        let completion = Completion::new(&schema.sdl()).unwrap_or_else(|cause| {
            tracing::error!(%cause, "the schema's own definition cannot be read; failed fields will be left out");
            Completion::default()
        });
        let store = Store::new(database, cache, tracking, policies);
        Self { schema, completion: Arc::new(completion), store, session_lifetime }
    }

    /// Executes a request of `caller` that arrives now. The request may require a mark by itself, in
    /// `extensions.tidewater.mark`.
    ///
    /// Every error of the response has an `extensions.code`.
    pub async fn execute(&self, request: Request, caller: Caller) -> Executed {
        let reader = self.store.reader();
        let session = Arc::default();
        let mut response = match self.admit(&reader, &request, &caller).await {
            Ok(viewer) => {
                let scope = Scope::with_session(reader.clone(), viewer, self.session_lifetime, Arc::clone(&session));
                self.completion.execute(&self.schema, request.data(scope)).await
            }
            Err(error) => refusal(error),
        };
        response.errors.iter_mut().for_each(blame_the_document);
        let mark = reader.request().mark().await;
        let provenance = reader.request().provenance();
        freshness::report(&mut response, mark.as_ref(), &provenance);
        let session = std::mem::take(&mut *session.lock());
        Executed { response, session, mark, provenance }
    }

    /// Finds out who asks, and lets `reader` read as they wish from then on.
    async fn admit(&self, reader: &Reader, request: &Request, caller: &Caller) -> Result<Option<Viewer>, Error> {
        let marks = caller.mark.iter().cloned().chain(freshness::required(request)?);
        marks.for_each(|mark| reader.request().require(mark));
        let viewer = match &caller.credential {
            Some(token) => viewer(reader, token).await?,
            None => None,
        };
        reader.request().accept(caller.acceptance);
        Ok(viewer)
    }

    /// The cache.
    pub fn cache(&self) -> &Cache {
        self.store.cache()
    }
}

/// A response that is only this error.
pub fn refusal(error: Error) -> Response {
    let async_graphql::Error { message, extensions, .. } = error.into();
    Response::from_errors(vec![ServerError { extensions, ..ServerError::new(message, None) }])
}

/// Resolvers put a code on what they answer; what has none was found wrong with the document or its variables.
fn blame_the_document(error: &mut ServerError) {
    let extensions = error.extensions.get_or_insert_default();
    if extensions.get("code").is_none() {
        extensions.set("code", Error::bad_user_input("query", "").code());
    }
}

async fn viewer(reader: &Reader, token: &str) -> Result<Option<Viewer>, Error> {
    let sessions = Selection::each::<session::Entity>(session::Column::TokenHash, token::hash(token));
    let session = reader.first::<session::Entity>(&sessions).await?.filter(|session| session.expires_at > now());
    let Some(session) = session else { return Ok(None) };
    let user = reader.item::<user::Entity>(session.user_id).await?;
    Ok(user.map(|user| Viewer { user: user.id, role: user.role, session: session.id }))
}
