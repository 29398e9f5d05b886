//! Everything that can be set, where it comes from, and what it must satisfy.
//!
//! A flag wins over the environment, the environment over the file `.env` of the current folder. Each setting is documented
//! where it is declared; `--help` prints the same text.

mod cache;
mod counters;
mod database;
mod documents;
mod environment_file;
mod exports;
mod http;
mod jobs;
mod limits;
mod log;
mod metrics;
mod parse;
mod policy;
mod rates;
mod redis;
mod subscriptions;
mod traces;

pub(crate) use cache::CacheConfiguration;
pub(crate) use counters::CounterConfiguration;
pub(crate) use database::DatabaseConfiguration;
pub(crate) use documents::DocumentConfiguration;
pub(crate) use environment_file::load_environment_file;
pub(crate) use exports::ExportConfiguration;
pub(crate) use http::{HttpConfiguration, Origins};
pub(crate) use jobs::{JobConfiguration, Where};
pub(crate) use limits::LimitConfiguration;
pub(crate) use log::{LogConfiguration, LogFormat, log_directives};
pub(crate) use metrics::MetricsConfiguration;
pub(crate) use rates::{ForwardedHeader, Networks, RateConfiguration};
pub(crate) use redis::RedisConfiguration;
pub(crate) use subscriptions::SubscriptionConfiguration;
pub(crate) use traces::{Headers, TraceConfiguration, TraceSampler};

use tidewater_graphql::Limits;

use crate::error::Error;

/// All settings of the server, one part per concern.
#[derive(Clone, clap::Args)]
pub(crate) struct Configuration {
    /// The source of truth.
    #[command(flatten)]
    pub(crate) database: DatabaseConfiguration,
    /// The second cache tier, shared by the nodes.
    #[command(flatten)]
    pub(crate) redis: RedisConfiguration,
    /// What is kept, how long, and how old it may be.
    #[command(flatten)]
    pub(crate) cache: CacheConfiguration,
    /// The listener, cookies and pages.
    #[command(flatten)]
    pub(crate) http: HttpConfiguration,
    /// What one request may cost, and how many there may be.
    #[command(flatten)]
    pub(crate) limits: LimitConfiguration,
    /// WebSockets and event streams, and what is told over them.
    #[command(flatten)]
    pub(crate) subscriptions: SubscriptionConfiguration,
    /// What one viewer or address may ask for in a time.
    #[command(flatten)]
    pub(crate) rates: RateConfiguration,
    /// Documents that requests can name.
    #[command(flatten)]
    pub(crate) documents: DocumentConfiguration,
    /// How what is counted comes into the database.
    #[command(flatten)]
    pub(crate) counters: CounterConfiguration,

    /// What is done in the background, and where.
    #[command(flatten)]
    pub(crate) jobs: JobConfiguration,

    /// The files of users' own data.
    #[command(flatten)]
    pub(crate) exports: ExportConfiguration,
    /// What is reported, and how.
    #[command(flatten)]
    pub(crate) log: LogConfiguration,
    /// Where traces are sent, and of what.
    #[command(flatten)]
    pub(crate) traces: TraceConfiguration,
    /// What is told to whoever collects metrics, and where.
    #[command(flatten)]
    pub(crate) metrics: MetricsConfiguration,
}

impl Configuration {
    /// Whether GraphiQL is served. It is of no use where its documents are not executed.
    pub(crate) fn serves_graphiql(&self) -> bool {
        self.http.serves_graphiql() && !self.documents.trusted_documents_only
    }

    /// What documents may ask for.
    pub(crate) fn limits_of_documents(&self) -> Limits {
        let introspection = self.http.tells_schema() && !self.documents.trusted_documents_only;
        self.limits.of_documents(introspection, self.http.federation)
    }

    /// Whether Studio is served, which is of no use there either.
    pub(crate) fn serves_studio(&self) -> bool {
        self.http.serves_studio() && !self.documents.trusted_documents_only
    }

    /// Checks what no single setting can check: how settings stand to each other.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        self.redis.url().map_err(Error::Configuration)?;
        self.cache.validate().map_err(Error::Configuration)?;
        self.http.validate().map_err(Error::Configuration)?;
        self.metrics.validate(self.http.listen).map_err(Error::Configuration)?;
        self.documents.validate().map_err(Error::Configuration)?;
        self.rates.validate(self.limits.max_complexity).map_err(Error::Configuration)
    }
}
