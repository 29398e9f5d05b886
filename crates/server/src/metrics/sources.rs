use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::registry::Registry;
use tidewater_counter::Counter;
use tidewater_entity::Statements;
use tidewater_graphql::Api;
use tidewater_limit::Limiter;
use tidewater_persisted::Texts;
use tidewater_queue::Lengths;
use tokio::time::timeout;

use super::exposition::Exposition;
use super::{caches, chores, database, http, jobs, operations, polls, process, redis, streams};
use crate::chore_counters::ChoreCounters;
use crate::chores::Chores;
use crate::http::Front;
use crate::jobs::Queue;
use crate::readiness::Readiness;

/// How long the queue is waited for, which may be in Redis.
const PATIENCE: Duration = Duration::from_millis(500);

/// The parts of a process that count something.
pub(crate) struct Sources {
    pub(crate) statements: Statements,
    pub(crate) queue: Queue,
    /// What a server has, and a worker has not.
    pub(crate) server: Option<OfServer>,
}

/// The parts of a server that count something.
pub(crate) struct OfServer {
    pub(crate) api: Api,
    pub(crate) front: Front,
    pub(crate) limiter: Limiter,
    pub(crate) texts: Option<Texts>,
    pub(crate) counter: Counter,
    pub(crate) readiness: Readiness,
    pub(crate) chores: Chores,
    pub(crate) flushing: Arc<ChoreCounters>,
}

/// What is told at one moment.
struct Scrape {
    sources: Arc<Sources>,
    /// None if the queue did not answer.
    lengths: Option<Lengths>,
}

/// All that is told now, for whoever encodes it.
pub(super) async fn registry(sources: &Arc<Sources>) -> Registry {
    let lengths = timeout(PATIENCE, sources.queue.lengths()).await.ok().and_then(Result::ok);
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Scrape { sources: Arc::clone(sources), lengths }));
    registry
}

impl Collector for Scrape {
    fn encode(&self, encoder: DescriptorEncoder) -> fmt::Result {
        let Sources { statements, queue, server } = &*self.sources;
        let mut exposition = Exposition::new(encoder);
        let to = &mut exposition;
        if let Some(server) = server {
            let OfServer { api, front, limiter, readiness, chores, flushing, .. } = server;
            caches::tell(to, api.cache())?;
            polls::tell(to, api.cache())?;
            operations::tell(to, api)?;
            http::tell(to, front, limiter, readiness)?;
            streams::tell(to, front, api)?;
            chores::tell(to, chores, flushing)?;
        }
        redis::tell(to, server.as_ref(), queue)?;
        database::tell(to, &statements.statistics())?;
        jobs::tell(to, queue, self.lengths.as_ref())?;
        process::tell(to)
    }
}

impl fmt::Debug for Scrape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Scrape").finish_non_exhaustive()
    }
}
