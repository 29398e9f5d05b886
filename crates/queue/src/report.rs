use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use tidewater_histogram::{Bounds, Histogram};

/// How many jobs are where, on all nodes together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lengths {
    /// Waiting for a worker.
    pub queued: u64,
    /// Held by a worker.
    pub running: u64,
    /// Waiting for their time, first or after a failure.
    pub scheduled: u64,
    /// Given up, and kept to be looked at.
    pub dead: u64,
}

/// What this process has done with jobs since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Jobs that were done.
    pub done: u64,
    /// Attempts that failed, the last ones included.
    pub failed: u64,
    /// Jobs that were given up here.
    pub died: u64,
}

/// A job in the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Where it is.
    pub place: Place,
    /// What it is called.
    pub name: String,
    /// How many attempts at it have failed.
    pub attempts: u32,
    /// When it was queued, or when it is due.
    pub at: SystemTime,
    /// The job, as JSON.
    pub job: String,
}

/// Where a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It waits for a worker.
    Queued,
    /// A worker holds it.
    Running,
    /// It waits for its time.
    Scheduled,
}

/// A dead job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// What it is called.
    pub name: String,
    /// How many attempts there have been.
    pub attempts: u32,
    /// When it was given up.
    pub at: SystemTime,
    /// Why, in at most [`MAX_REASON`](crate::MAX_REASON) bytes.
    pub reason: String,
    /// The job, as JSON if it is any.
    pub job: String,
}

/// The longest reason that is kept with a dead job, in bytes.
pub const MAX_REASON: usize = 1_000;

/// Counts of one process.
#[derive(Debug)]
pub(crate) struct Counters {
    pub(crate) durations: Histogram,
    pub(crate) done: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) died: AtomicU64,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            durations: Histogram::new(Bounds::AGES),
            done: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            died: AtomicU64::new(0),
        }
    }
}

impl Counters {
    pub(crate) fn counts(&self) -> Counts {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts { done: count(&self.done), failed: count(&self.failed), died: count(&self.died) }
    }
}

/// As much of a reason as is kept.
pub(crate) fn shortened(mut reason: String) -> String {
    if reason.len() > MAX_REASON {
        reason.truncate(reason.floor_char_boundary(MAX_REASON));
    }
    reason
}
