//! How things have gone that are done again and again, apart from requests.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use tidewater_histogram::{Bounds, Histogram, Snapshot};

/// What is counted of one chore.
#[derive(Debug)]
pub(crate) struct ChoreCounters {
    name: &'static str,
    latency: Histogram,
    failed: AtomicU64,
    rows: AtomicU64,
    /// When it was last done, in nanoseconds since `origin`, plus one; 0 before.
    done: AtomicU64,
    origin: Instant,
}

/// How one chore has gone since the process started.
#[derive(Clone, Debug)]
pub(crate) struct ChoreStatistics {
    /// What it is called.
    pub(crate) name: &'static str,
    /// How long it took each time, done or not.
    pub(crate) latency: Snapshot,
    /// How often it could not be done.
    pub(crate) failed: u64,
    /// How many rows it has deleted.
    pub(crate) rows: u64,
    /// When it was last done, by the clock.
    pub(crate) done_at: Option<SystemTime>,
}

impl ChoreCounters {
    /// None yet.
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            latency: Histogram::new(Bounds::AGES),
            failed: AtomicU64::new(0),
            rows: AtomicU64::new(0),
            done: AtomicU64::new(0),
            origin: Instant::now(),
        }
    }

    /// It took so long, and deleted so many rows, or could not be done.
    pub(crate) fn count<E>(&self, time: Duration, result: &Result<u64, E>) {
        self.latency.record(time);
        match result {
            Ok(rows) => {
                self.rows.fetch_add(*rows, Ordering::Relaxed);
                let since = self.origin.elapsed().as_nanos();
                self.done.store(u64::try_from(since).unwrap_or(u64::MAX - 1) + 1, Ordering::Relaxed);
            }
            Err(_) => drop(self.failed.fetch_add(1, Ordering::Relaxed)),
        }
    }

    pub(crate) fn read(&self) -> ChoreStatistics {
        // By the clock as it is now: one that was set meanwhile would else tell of another time.
        let done = self.done.load(Ordering::Relaxed).checked_sub(1).map(Duration::from_nanos);
        let ago = done.map(|done| self.origin.elapsed().saturating_sub(done));
        ChoreStatistics {
            name: self.name,
            latency: self.latency.snapshot(),
            failed: self.failed.load(Ordering::Relaxed),
            rows: self.rows.load(Ordering::Relaxed),
            done_at: ago.and_then(|ago| SystemTime::now().checked_sub(ago)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_and_what_is_not_is_told_apart() {
        let counters = ChoreCounters::new("views");
        counters.count::<()>(Duration::from_millis(1), &Err(()));
        let failed = counters.read();
        assert_eq!((failed.failed, failed.rows, failed.done_at), (1, 0, None));
        counters.count::<()>(Duration::from_millis(1), &Ok(7));
        let done = counters.read();
        assert_eq!((done.failed, done.rows, done.latency.count()), (1, 7, 2));
        assert!(done.done_at.unwrap().elapsed().unwrap() < Duration::from_secs(60));
    }
}
