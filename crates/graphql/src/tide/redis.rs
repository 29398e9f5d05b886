use async_graphql::SimpleObject;
use tidewater_cache::{Cache, RedisHealth};

use super::duration::DurationStatistics;
use super::object::float;

/// How the Redis tier does.
#[derive(SimpleObject)]
pub(crate) struct RedisStatistics {
    /// Whether its last commands were answered.
    is_reachable: bool,
    /// Writes that were dropped: the queue was full, Redis was not reachable, or it refused them.
    dropped_writes: f64,
    /// How long commands took, answered or not.
    latency: DurationStatistics,
    /// Commands that were sent and not answered.
    unanswered: f64,
    /// Commands that were not sent, because Redis had not answered before.
    refused: f64,
    /// How often that began: the breaker opened.
    openings: f64,
}

impl RedisStatistics {
    /// None if there is no Redis.
    pub(super) fn of(cache: &Cache) -> Option<Self> {
        let RedisHealth { reachable, dropped, .. } = cache.health().redis?;
        let commands = cache.redis_statistics()?;
        Some(Self {
            is_reachable: reachable,
            dropped_writes: float(dropped),
            latency: commands.latency.into(),
            unanswered: float(commands.unanswered),
            refused: float(commands.refused),
            openings: float(commands.openings),
        })
    }
}
