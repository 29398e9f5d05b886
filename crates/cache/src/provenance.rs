use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::{MissReason, Misses};

/// What served a request, so far: how many values came from where, how long that took, and how old they may be. Times are sums
/// over all reads of the request, which may overlap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// Derived values, each of which stands for all that it was computed from.
    pub derived: u64,
    /// Values from this process's memory.
    pub memory: u64,
    /// Values from Redis.
    pub redis: u64,
    /// Values that another request was already fetching.
    pub joined: u64,
    /// Values that the database answered because neither tier could.
    pub loaded: u64,
    /// Values that the database answered because the request or the policy wanted it so.
    pub bypassed: u64,
    /// How much older than the request's arrival a value may be: the time since the poll that it was last proven valid by.
    pub age: Duration,
    /// Whether the database could not be asked and a value is older than allowed otherwise. See [`crate::Policy::stale_if_error`].
    pub stale: bool,
    /// Waiting for polls of the change log.
    pub gate_time: Duration,
    /// Looking in memory.
    pub memory_time: Duration,
    /// Waiting for Redis.
    pub redis_time: Duration,
    /// Waiting for the database.
    pub database_time: Duration,
}

/// What a request writes down while it is answered.
#[derive(Debug, Default)]
pub(crate) struct Account {
    pub(crate) derived: Tally,
    pub(crate) memory: Tally,
    pub(crate) redis: Tally,
    pub(crate) joined: Tally,
    pub(crate) loaded: Tally,
    pub(crate) bypassed: Tally,
    pub(crate) gate_time: Tally,
    pub(crate) memory_time: Tally,
    pub(crate) redis_time: Tally,
    pub(crate) database_time: Tally,
    misses: [Tally; MissReason::ALL.len()],
    age: AtomicU64,
    stale: AtomicBool,
}

/// A number, or nanoseconds, that many reads add to.
#[derive(Debug, Default)]
pub(crate) struct Tally(AtomicU64);

impl Tally {
    pub(crate) fn add(&self, count: usize) {
        self.0.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// Adds the time since `begun`, and answers how long that is.
    pub(crate) fn add_since(&self, begun: Instant) -> Duration {
        let time = begun.elapsed();
        self.0.fetch_add(nanoseconds(time), Ordering::Relaxed);
        time
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn time(&self) -> Duration {
        Duration::from_nanos(self.get())
    }
}

impl Account {
    /// Notes that lookups were missed.
    pub(crate) fn missed(&self, reason: MissReason, count: usize) {
        self.misses[reason as usize].add(count);
    }

    pub(crate) fn misses(&self) -> Misses {
        MissReason::ALL.into_iter().map(|reason| (reason, self.misses[reason as usize].get())).collect()
    }

    /// Notes that values are served which may be this much older than the request.
    pub(crate) fn aged(&self, age: Duration) {
        self.age.fetch_max(nanoseconds(age), Ordering::Relaxed);
    }

    /// Notes that values are served though the database cannot be asked.
    pub(crate) fn went_stale(&self) {
        self.stale.store(true, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Provenance {
        Provenance {
            derived: self.derived.get(),
            memory: self.memory.get(),
            redis: self.redis.get(),
            joined: self.joined.get(),
            loaded: self.loaded.get(),
            bypassed: self.bypassed.get(),
            age: Duration::from_nanos(self.age.load(Ordering::Relaxed)),
            stale: self.stale.load(Ordering::Relaxed),
            gate_time: self.gate_time.time(),
            memory_time: self.memory_time.time(),
            redis_time: self.redis_time.time(),
            database_time: self.database_time.time(),
        }
    }
}

/// As many as fit.
pub(crate) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
