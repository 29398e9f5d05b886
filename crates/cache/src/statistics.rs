use std::sync::Arc;

use crate::MissReason;

/// What one space has done since it was made. Every lookup counts once: as a hit, as joined, or as a miss.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpaceStatistics {
    /// The space's name.
    pub name: Arc<str>,
    /// Lookups answered from memory.
    pub memory_hits: u64,
    /// Lookups answered from Redis.
    pub redis_hits: u64,
    /// Lookups answered by what another lookup was already fetching.
    pub joined: u64,
    /// Lookups that went to the loader, by reason.
    pub misses: Misses,
    /// Values stored in memory after they were loaded.
    pub fills: u64,
    /// Memos found in either tier whose dependencies had changed.
    pub invalidations: u64,
    /// Of those in memory, how many the source then answered the same for: what precision costs.
    pub needless: u64,
    /// What became of the values that were read from the source again.
    pub verification: Verification,
}

/// Values served from a cache that were read from the source again, and judged at a poll that began after that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// The source answered the same.
    pub proven: u64,
    /// The source answered otherwise, and the change log says that a dependency has changed since: the value may well have been
    /// right when it was served.
    pub overtaken: u64,
    /// The source answered otherwise though nothing that the value depends on is known to have changed: it was stale. Each is
    /// logged as an error.
    pub disproved: u64,
}

/// Lookups that neither tier could answer, by the most telling reason: what Redis held where it held something, or that it could not
/// be asked, or else why memory held nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Misses([u64; MissReason::ALL.len()]);

impl Misses {
    /// Those for this reason.
    pub fn of(&self, reason: MissReason) -> u64 {
        self.0[reason as usize]
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Each reason with its number, in the order of [`MissReason::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (MissReason, u64)> {
        MissReason::ALL.into_iter().zip(self.0)
    }
}

impl FromIterator<(MissReason, u64)> for Misses {
    fn from_iter<I: IntoIterator<Item = (MissReason, u64)>>(counted: I) -> Self {
        let mut misses = Self::default();
        for (reason, count) in counted {
            misses.0[reason as usize] += count;
        }
        misses
    }
}

/// What the cache can reach.
#[derive(Clone, Debug)]
pub struct Health {
    /// Why the last poll of the change log failed, if it did.
    pub source: Option<crate::GateError>,
    /// The Redis tier; `None` if there is none.
    pub redis: Option<RedisHealth>,
}

/// What is known of the Redis tier without asking it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RedisHealth {
    /// Whether its last commands were answered.
    pub reachable: bool,
    /// Writes dropped so far: the queue was full, Redis was not reachable, or it failed them.
    pub dropped: u64,
}

/// How well polls of the change log are shared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GateStatistics {
    /// How many polls have begun.
    pub polls: u64,
    /// How often a request asked for one.
    pub passes: u64,
}
