use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{MissReason, SpaceStatistics, Verification};

/// What one space counts.
#[derive(Debug)]
pub(crate) struct Counters {
    name: Arc<str>,
    pub(crate) memory_hits: Counter,
    pub(crate) redis_hits: Counter,
    pub(crate) joined: Counter,
    pub(crate) fills: Counter,
    pub(crate) invalidations: Counter,
    pub(crate) needless: Counter,
    pub(crate) proven: Counter,
    pub(crate) overtaken: Counter,
    pub(crate) disproved: Counter,
    misses: [Counter; MissReason::ALL.len()],
}

/// A number that grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, count: usize) {
        if count > 0 {
            self.0.fetch_add(count as u64, Ordering::Relaxed);
        }
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
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
            invalidations: Counter::default(),
            needless: Counter::default(),
            proven: Counter::default(),
            overtaken: Counter::default(),
            disproved: Counter::default(),
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

    pub(crate) fn read(&self) -> SpaceStatistics {
        SpaceStatistics {
            name: Arc::clone(&self.name),
            memory_hits: self.memory_hits.get(),
            redis_hits: self.redis_hits.get(),
            joined: self.joined.get(),
            fills: self.fills.get(),
            invalidations: self.invalidations.get(),
            needless: self.needless.get(),
            verification: Verification {
                proven: self.proven.get(),
                overtaken: self.overtaken.get(),
                disproved: self.disproved.get(),
            },
            misses: MissReason::ALL.into_iter().map(|reason| (reason, self.misses[reason as usize].get())).collect(),
        }
    }
}
