use std::fmt;
use std::sync::Arc;

use tidewater_histogram::Snapshot;

use crate::MissReason;

/// What one space has done since it was made. Every lookup counts once: as a hit, as joined, or as a miss.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// Values that memory has given up, or not taken, for want of room.
    pub evictions: u64,
    /// Values in memory.
    pub entries: u64,
    /// About how many bytes they take.
    pub bytes: u64,
    /// Of lookups answered from memory, how long before the request's arrival this process had read the value, from the source or from
    /// Redis.
    pub memory_ages: Snapshot,
    /// Of lookups answered from Redis, how long ago the value was filled, by the clocks of who filled it and of this machine.
    pub redis_ages: Snapshot,
    /// Memos found in either tier whose dependencies had changed.
    pub invalidations: u64,
    /// Of those in memory, how many the source then answered the same for: what precision costs.
    pub needless: u64,
    /// Those of the invalidations that rest on nothing but what the tide table has forgotten.
    pub forgotten: Forgotten,
    /// What became of the values that were read from the source again.
    pub verification: Verification,
}

/// Memos that counted as invalid though no change of what they depend on is on record: the tide table had to forget some, and takes
/// what it does not know for changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// How many were found, in either tier.
    pub found: u64,
    /// Of those in memory, how many the source was then asked for.
    pub compared: u64,
    /// Of these, how many it answered the same for.
    pub same: u64,
}

impl Forgotten {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { found: self.found + other.found, compared: self.compared + other.compared, same: self.same + other.same }
    }

    /// About how many were invalidated for nothing: the share of those that were compared and found the same, of all that were found. As
    /// long as none was compared, all.
    pub fn estimated_false(self) -> f64 {
        let share = if self.compared == 0 { 1.0 } else { self.same as f64 / self.compared as f64 };
        self.found as f64 * share
    }
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

/// Each reason that occurs with its number: `changed=2,expired=1`.
impl fmt::Display for Misses {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (reason, count) in self.iter().filter(|(_, count)| *count > 0) {
            write!(formatter, "{separator}{}={count}", reason.as_str())?;
            separator = ",";
        }
        Ok(())
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
    /// Writes that are queued or under way.
    pub queued: usize,
    /// Writes dropped so far: the queue was full, Redis was not reachable, or it failed them.
    pub dropped: u64,
}

/// How the change log is polled, and how well polls are shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateStatistics {
    /// How many polls have begun.
    pub polls: u64,
    /// How many of them failed.
    pub failed: u64,
    /// How long they took, failed or not.
    pub latency: Snapshot,
    /// How many changes they saw.
    pub changes: u64,
    /// How often everything was given up, because the log did not continue where it was read to. The first poll counts, too.
    pub restarts: u64,
    /// How often a request asked for a poll.
    pub passes: u64,
    /// How long requests waited for one, if they had to.
    pub waits: Snapshot,
    /// How often a read had leave to be answered from before, because the source could not be asked.
    pub stale: u64,
}

/// How full the table of last known changes is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TideTableStatistics {
    /// Of how many dependencies the last change is known.
    pub entries: u64,
    /// Of how many it can be known.
    pub capacity: u64,
    /// How many had to be forgotten for others.
    pub overwritten: u64,
    /// About how many values were found invalid for nothing because of that; see [`Forgotten::estimated_false`].
    pub false_invalidations: f64,
}

/// What one memory holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryStatistics {
    /// `values`, or the name of the derived space whose own it is.
    pub name: Arc<str>,
    /// About how many bytes its values take.
    pub bytes: u64,
    /// Its bound.
    pub most_bytes: u64,
}
