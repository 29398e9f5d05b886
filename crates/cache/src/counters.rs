use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tidewater_histogram::{Bounds, Histogram};

use crate::{Forgotten, MissReason, SpaceStatistics, Verification};

/// What one space counts.
#[derive(Debug)]
pub(crate) struct Counters {
    name: Arc<str>,
    pub(crate) memory_hits: Counter,
    pub(crate) redis_hits: Counter,
    pub(crate) joined: Counter,
    pub(crate) fills: Counter,
    pub(crate) proven: Counter,
    pub(crate) overtaken: Counter,
    pub(crate) disproved: Counter,
    pub(crate) evictions: Counter,
    /// How long before the request's arrival what memory answers was read.
    pub(crate) memory_ages: Histogram,
    /// How long ago what Redis answers was filled.
    pub(crate) redis_ages: Histogram,
    invalidations: Counter,
    needless: Counter,
    forgotten: Counter,
    forgotten_compared: Counter,
    forgotten_same: Counter,
    entries: Gauge,
    bytes: Gauge,
    misses: [Counter; MissReason::ALL.len()],
}

/// A number that grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

/// A number that grows and shrinks. One who shrinks it may be seen before the one who grew it, so it is never taken to be below zero.
#[derive(Debug, Default)]
struct Gauge(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, count: usize) {
        if count > 0 {
            self.0.fetch_add(count as u64, Ordering::Relaxed);
        }
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Gauge {
    fn add(&self, number: u64) {
        self.0.fetch_add(number, Ordering::Relaxed);
    }

    fn subtract(&self, number: u64) {
        self.0.fetch_sub(number, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        let number = self.0.load(Ordering::Relaxed);
        if number > u64::MAX / 2 { 0 } else { number }
    }
}

impl Counters {
    pub(crate) fn new(name: Arc<str>) -> Self {
        Self {
            name,
            memory_hits: Counter::default(),
            redis_hits: Counter::default(),
            joined: Counter::default(),
            fills: Counter::default(),
            proven: Counter::default(),
            overtaken: Counter::default(),
            disproved: Counter::default(),
            evictions: Counter::default(),
            memory_ages: Histogram::new(Bounds::AGES),
            redis_ages: Histogram::new(Bounds::AGES),
            invalidations: Counter::default(),
            needless: Counter::default(),
            forgotten: Counter::default(),
            forgotten_compared: Counter::default(),
            forgotten_same: Counter::default(),
            entries: Gauge::default(),
            bytes: Gauge::default(),
            misses: Default::default(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    pub(crate) fn missed(&self, reason: MissReason, count: usize) {
        self.misses[reason as usize].add(count);
    }

    /// A memo was found that is not valid any more, perhaps only because the tide table has forgotten what it depends on.
    pub(crate) fn invalidated(&self, is_forgotten: bool) {
        self.invalidations.add(1);
        self.forgotten.add(usize::from(is_forgotten));
    }

    /// The source was asked for what such a memo held, and answered the same, or not.
    pub(crate) fn compared(&self, is_same: bool, is_forgotten: bool) {
        self.needless.add(usize::from(is_same));
        self.forgotten_compared.add(usize::from(is_forgotten));
        self.forgotten_same.add(usize::from(is_same && is_forgotten));
    }

    /// A value of so many bytes is about to be held in memory.
    pub(crate) fn entered(&self, bytes: u32) {
        self.entries.add(1);
        self.bytes.add(bytes.into());
    }

    /// A value of so many bytes is not held in memory any more.
    pub(crate) fn left(&self, bytes: u32) {
        self.entries.subtract(1);
        self.bytes.subtract(bytes.into());
    }

    /// What rested on nothing but what the tide table has forgotten.
    pub(crate) fn forgotten(&self) -> Forgotten {
        Forgotten {
            found: self.forgotten.get(),
            compared: self.forgotten_compared.get(),
            same: self.forgotten_same.get(),
        }
    }

    pub(crate) fn read(&self) -> SpaceStatistics {
        SpaceStatistics {
            name: Arc::clone(&self.name),
            memory_hits: self.memory_hits.get(),
            redis_hits: self.redis_hits.get(),
            joined: self.joined.get(),
            fills: self.fills.get(),
            evictions: self.evictions.get(),
            entries: self.entries.get(),
            bytes: self.bytes.get(),
            memory_ages: self.memory_ages.snapshot(),
            redis_ages: self.redis_ages.snapshot(),
            invalidations: self.invalidations.get(),
            needless: self.needless.get(),
            forgotten: self.forgotten(),
            verification: Verification {
                proven: self.proven.get(),
                overtaken: self.overtaken.get(),
                disproved: self.disproved.get(),
            },
            misses: MissReason::ALL.into_iter().map(|reason| (reason, self.misses[reason as usize].get())).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leaves_before_it_is_seen_to_enter_is_no_number_below_zero() {
        let counters = Counters::new("note".into());
        counters.left(10);
        assert_eq!((counters.read().entries, counters.read().bytes), (0, 0));
        counters.entered(10);
        counters.entered(7);
        assert_eq!((counters.read().entries, counters.read().bytes), (1, 7));
    }
}
