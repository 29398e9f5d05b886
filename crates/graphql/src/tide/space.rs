use async_graphql::{Enum, Object, SimpleObject};
use tidewater_cache as cache;

use super::duration::DurationStatistics;
use super::object::float;

/// What was served and missed of one kind of value.
pub(crate) struct SpaceStatistics(pub(crate) cache::SpaceStatistics);

/// Why a lookup was not answered from a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "cache::MissReason")]
pub(crate) enum MissReason {
    /// The server has not kept a value of this kind under its key, and Redis, if there is one, holds none.
    NeverFilled,
    /// Something that the value depends on has changed since it was read, or may have.
    Changed,
    /// Its time to live is over.
    Expired,
    /// Memory had no room for it, or has none any more.
    Evicted,
    /// It was dropped by hand, or because it was found to be wrong.
    Dropped,
    /// Everything that was kept was given up, because the change log did not continue where it was read to.
    Restarted,
    /// Redis held it, filled before anything that the server knows the changes since.
    MarkTooOld,
    /// Redis held something else under its key.
    Undecodable,
    /// Memory did not have it, and Redis did not answer.
    RedisUnavailable,
    /// None was wanted: the request or the policy wants the database's own answer.
    Bypassed,
    /// Memory has held more keys than are remembered, perhaps this one.
    Unknown,
}

/// How many lookups were missed for one reason.
#[derive(SimpleObject)]
pub(crate) struct MissCount {
    /// The reason.
    reason: MissReason,
    /// How many.
    count: f64,
}

/// What was served and missed of one kind of value.
#[Object]
impl SpaceStatistics {
    /// The kind: the name of a table, with `.list` or `.count` where it is no row; `response`; `answer` for what free statements answer.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Lookups answered from memory.
    async fn memory_hits(&self) -> f64 {
        float(self.0.memory_hits)
    }

    /// Lookups answered from Redis.
    async fn redis_hits(&self) -> f64 {
        float(self.0.redis_hits)
    }

    /// Lookups answered by what another one was already fetching.
    async fn joined(&self) -> f64 {
        float(self.0.joined)
    }

    /// Lookups that went to the database, by reason; reasons that did not occur are left out.
    async fn misses(&self) -> Vec<MissCount> {
        miss_counts(&self.0.misses)
    }

    /// Values stored in memory after they were read from the database.
    async fn fills(&self) -> f64 {
        float(self.0.fills)
    }

    /// Values in memory.
    async fn entries(&self) -> f64 {
        float(self.0.entries)
    }

    /// The bytes that they take there, as the server reckons them.
    async fn bytes(&self) -> f64 {
        float(self.0.bytes)
    }

    /// Values that memory has given up, or not taken, for want of room.
    async fn evictions(&self) -> f64 {
        float(self.0.evictions)
    }

    /// Of lookups answered from memory: how long before the request's arrival the server had read the value, from the database or from
    /// Redis.
    async fn memory_ages(&self) -> DurationStatistics {
        self.0.memory_ages.clone().into()
    }

    /// Of lookups answered from Redis: how long ago the value was put there, by the servers' clocks.
    async fn redis_ages(&self) -> DurationStatistics {
        self.0.redis_ages.clone().into()
    }

    /// Values found whose dependencies had changed.
    async fn invalidations(&self) -> f64 {
        float(self.0.invalidations)
    }

    /// Of those in memory, how many the database then answered the same for.
    async fn needless(&self) -> f64 {
        float(self.0.needless)
    }
}

/// Those that occurred.
pub(super) fn miss_counts(misses: &cache::Misses) -> Vec<MissCount> {
    let occurred = misses.iter().filter(|(_, count)| *count > 0);
    occurred.map(|(reason, count)| MissCount { reason: reason.into(), count: float(count) }).collect()
}
