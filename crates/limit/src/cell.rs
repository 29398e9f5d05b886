use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::gcra::Gcra;

/// When the quota of somebody will be whole again, in memory. No lock.
#[derive(Debug, Default)]
pub(crate) struct Cell(AtomicU64);

impl Cell {
    /// Takes `units` at `now`, or answers how long it takes until they can be taken.
    pub(crate) fn take(&self, gcra: &Gcra, now: u64, units: u64) -> Result<(), Duration> {
        let mut whole_at = self.whole_at();
        loop {
            let then = gcra.take(whole_at, now, units)?;
            match self.0.compare_exchange_weak(whole_at, then, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Ok(()),
                Err(other) => whole_at = other,
            }
        }
    }

    /// Gives back units that were taken.
    pub(crate) fn give_back(&self, gcra: &Gcra, units: u64) {
        // The closure always answers.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |then| Some(gcra.give_back(then, units)));
    }

    /// Follows what somebody else keeps count of.
    pub(crate) fn set(&self, whole_at: u64) {
        self.0.store(whole_at, Ordering::Relaxed);
    }

    pub(crate) fn whole_at(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
