//! Time, as this process sees it, and which of it requests under way still look back on.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Nanoseconds since the run began.
pub(crate) type Nanos = u64;

/// What never happens.
pub(crate) const NEVER: Nanos = u64::MAX;

/// The monotonic clock of a run.
pub(crate) struct Clock {
    origin: Instant,
    /// For each client, when its request under way was sent at the earliest; `NEVER` when it has none.
    sent: Vec<AtomicU64>,
    /// The largest bound that a request is judged with.
    longest_bound: Nanos,
}

impl Clock {
    pub(crate) fn new(clients: usize, longest_bound: Duration) -> Self {
        let sent = (0..clients).map(|_| AtomicU64::new(NEVER)).collect();
        Self { origin: Instant::now(), sent, longest_bound: nanos(longest_bound) }
    }

    pub(crate) fn now(&self) -> Nanos {
        nanos(self.origin.elapsed())
    }

    /// Notes that `client` is about to send, and returns the time that the request counts as sent at.
    pub(crate) fn send(&self, client: usize) -> Nanos {
        self.sent[client].store(self.now(), Ordering::SeqCst);
        // Read after the note is there: a writer that did not see the note has a horizon before this time.
        self.now()
    }

    /// Notes that the answer to the client's request has been judged.
    pub(crate) fn judged(&self, client: usize) {
        self.sent[client].store(NEVER, Ordering::SeqCst);
    }

    /// What was acknowledged before this time and has a successor that was, too, no request can be shown any more.
    pub(crate) fn horizon(&self) -> Nanos {
        let now = self.now();
        let oldest = self.sent.iter().map(|sent| sent.load(Ordering::SeqCst)).min().unwrap_or(NEVER);
        now.min(oldest).saturating_sub(self.longest_bound)
    }
}

/// `duration` in nanoseconds.
pub(crate) fn nanos(duration: Duration) -> Nanos {
    u64::try_from(duration.as_nanos()).unwrap_or(NEVER)
}
