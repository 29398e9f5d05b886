use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tidewater_histogram::{Bounds, Histogram, Snapshot};

/// How one connection's commands have fared since it was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statistics {
    /// Whether the last commands were answered: the breaker is closed.
    pub is_reachable: bool,
    /// How long commands took that were sent, answered or not.
    pub latency: Snapshot,
    /// Commands that were sent and not answered.
    pub unanswered: u64,
    /// Commands that were not sent, because the breaker was open.
    pub refused: u64,
    /// How often the breaker has opened.
    pub openings: u64,
}

/// What one connection counts.
#[derive(Debug)]
pub(crate) struct Counters {
    latency: Histogram,
    unanswered: AtomicU64,
    refused: AtomicU64,
}

impl Counters {
    pub(crate) fn new() -> Self {
        Self { latency: Histogram::new(Bounds::LATENCIES), unanswered: AtomicU64::new(0), refused: AtomicU64::new(0) }
    }

    /// A command was sent, and answered after this time.
    pub(crate) fn answered(&self, time: Duration) {
        self.latency.record(time);
    }

    /// A command was sent, and given up after this time.
    pub(crate) fn unanswered(&self, time: Duration) {
        self.latency.record(time);
        self.unanswered.fetch_add(1, Ordering::Relaxed);
    }

    /// A command was not sent.
    pub(crate) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// All of them, beside what the breaker knows.
    pub(crate) fn read(&self, is_reachable: bool, openings: u64) -> Statistics {
        Statistics {
            is_reachable,
            latency: self.latency.snapshot(),
            unanswered: self.unanswered.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            openings,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_is_given_up_took_its_time_and_one_that_is_not_sent_took_none() {
        let counters = Counters::new();
        counters.unanswered(Duration::from_secs(1));
        counters.refused();
        let read = counters.read(false, 0);
        assert_eq!((read.latency.count(), read.unanswered, read.refused), (1, 1, 1));
    }
}
