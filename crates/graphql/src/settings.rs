use std::sync::Arc;
use std::time::Duration;

use sea_orm::DatabaseConnection;
use tidewater_cache::{Cache, Policy};
use tidewater_changelog::Tracking;
use tidewater_entity::Statements;

use crate::store::Policies;
use crate::wake::{LeaveToSweep, Wake};
use crate::{BackgroundJobs, Exclusions, FixedLogLevels, LogLevels, NoJobs, Views, WriterName};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What an [`Api`](crate::Api) is made of.
#[derive(Clone, Debug)]
pub struct ApiSettings {
    /// The database.
    pub database: DatabaseConnection,
    /// What counts its statements.
    pub statements: Statements,
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
    /// What live queries may take.
    pub live_queries: LiveQueries,
    /// How long a session is good for after signing in, however much it is used.
    pub session_lifetime: Duration,
    /// For how long a session may be unused; no longer than it lasts. Its use is recorded once a minute, or ten times in this time if
    /// that is more, and a session ends that much too early at most.
    pub session_idle_timeout: Duration,
    /// Whether what operations cost is counted by the allowances of their callers. Costs some time for each field.
    pub counts_cost: bool,
    /// What counts who sees what.
    pub views: Views,
    /// Who is told of jobs that come to be.
    pub wake: Arc<dyn Wake>,
    /// The queue of background jobs, for whoever looks after the server.
    pub jobs: Arc<dyn BackgroundJobs>,
    /// What is logged, for whoever looks after the server.
    pub log_levels: Arc<dyn LogLevels>,
    /// From which time on an operation is logged as slow, with why its reads were misses. Then what is executed is explained, which
    /// costs some time.
    pub slow_operation: Option<Duration>,
    /// What the connections of `database` call themselves.
    pub writer: WriterName,
    /// Whether everybody may be told what otherwise only an ADMIN may: how requests are answered, and what changes.
    pub development: bool,
}

impl ApiSettings {
    /// The defaults, for all entities: sessions are good for 90 days, if they are used once in 30; views are counted in this process,
    /// jobs are left to the sweep, and statements are not counted.
    pub fn new(database: DatabaseConnection, cache: Cache) -> Self {
        Self {
            statements: Statements::uncounted(&database),
            database,
            cache,
            tracking: tidewater_entity::tracking(),
            policies: Policies::default(),
            limits: Limits::default(),
            responses: Responses::default(),
            live_queries: LiveQueries::default(),
            session_lifetime: 90 * DAY,
            session_idle_timeout: 30 * DAY,
            counts_cost: false,
            views: Views::default(),
            wake: Arc::new(LeaveToSweep),
            jobs: Arc::new(NoJobs),
            log_levels: Arc::new(FixedLogLevels),
            slow_operation: None,
            writer: WriterName::default(),
            development: false,
        }
    }
}

/// How large a document may be, and what it may cost at most; beyond, it is refused before anything is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How deeply fields may be nested.
    pub depth: usize,
    /// How many fields may be answered, counting each as often as the page sizes allow. No document selects more, its fragments
    /// expanded, all its operations and fragments together.
    pub complexity: usize,
    /// Of how many tokens a text may consist.
    pub tokens: usize,
    /// How many aliases an operation may have.
    pub aliases: usize,
    /// How many fields an operation may begin with.
    pub root_fields: usize,
    /// How many directives a document may have; at one place, there are at most 8.
    pub directives: usize,
    /// Whether the schema may be asked for, and is told in suggestions to who mistypes a name.
    pub introspection: bool,
    /// Whether there is what the router of a federation asks for: `_service`, which tells the schema in any case, and `_entities`.
    pub federation: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 16,
            complexity: 20_000,
            tokens: 20_000,
            aliases: 200,
            root_fields: 50,
            directives: 100,
            introspection: true,
            federation: false,
        }
    }
}

/// What is kept of responses, whole and in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Responses {
    /// The bound of the memory of whole ones in bytes; zero keeps none.
    pub memory_bytes: u64,
    /// The bound of the memory of parts, which are the items of lists, in bytes; zero keeps none.
    pub part_bytes: u64,
    /// How long one is kept at most. No longer than the first of its parts, in any case.
    pub ttl: Duration,
    /// Those that are never kept.
    pub exclusions: Exclusions,
}

impl Default for Responses {
    fn default() -> Self {
        Self {
            memory_bytes: 64 << 20,
            part_bytes: 32 << 20,
            ttl: Policy::list().ttl,
            exclusions: Exclusions::default(),
        }
    }
}

/// What live queries may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveQueries {
    /// How many may be open at once.
    pub most: usize,
    /// How long one may be executed again; the first time is up to whoever begins it.
    pub time_limit: Duration,
}

impl Default for LiveQueries {
    fn default() -> Self {
        Self { most: 10_000, time_limit: Duration::from_secs(15) }
    }
}
