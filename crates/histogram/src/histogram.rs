use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::{Bounds, Snapshot};

/// Durations, counted in buckets. Takes 8 bytes for each bound, and is shared by reference.
#[derive(Debug)]
pub struct Histogram {
    bounds: Bounds,
    counts: Box<[AtomicU64]>,
    /// In nanoseconds.
    sum: AtomicU64,
}

impl Histogram {
    /// Nothing yet.
    pub fn new(bounds: Bounds) -> Self {
        let counts = (0..=bounds.count()).map(|_| AtomicU64::new(0)).collect();
        Self { bounds, counts, sum: AtomicU64::new(0) }
    }

    /// Counts a duration.
    pub fn record(&self, duration: Duration) {
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.counts[self.bounds.bucket(nanoseconds)].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// How many durations were counted so far.
    pub fn count(&self) -> u64 {
        self.counts.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    /// Forgets what was counted so far.
    pub fn clear(&self) {
        self.counts.iter().for_each(|count| count.store(0, Ordering::Relaxed));
        self.sum.store(0, Ordering::Relaxed);
    }

    /// What was counted so far. What is counted at the same moment may be in it only in part: in a bucket, and not yet in the sum.
    pub fn snapshot(&self) -> Snapshot {
        let counts = self.counts.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        Snapshot::new(self.bounds, counts, Duration::from_nanos(self.sum.load(Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn many_threads_count_together() {
        let histogram = Histogram::new(Bounds::LATENCIES);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..10_000).for_each(|n| histogram.record(Duration::from_micros(n))));
            }
        });
        let snapshot = histogram.snapshot();
        assert_eq!(snapshot.count(), 80_000);
        assert_eq!(snapshot.sum(), Duration::from_micros(8 * (9_999 * 10_000 / 2)));
    }

    #[test]
    fn nothing_is_left_of_what_is_forgotten() {
        let histogram = Histogram::new(Bounds::LATENCIES);
        [1, 20, 300].into_iter().for_each(|n| histogram.record(Duration::from_millis(n)));
        assert_eq!(histogram.count(), 3);
        histogram.clear();
        assert_eq!(histogram.count(), 0);
        assert_eq!(histogram.snapshot(), Snapshot::empty(Bounds::LATENCIES));
    }

    #[test]
    fn what_is_beyond_all_bounds_is_counted() {
        let histogram = Histogram::new(Bounds::LATENCIES);
        histogram.record(Duration::from_secs(1_000));
        histogram.record(Duration::from_nanos(1));
        let snapshot = histogram.snapshot();
        assert_eq!(snapshot.count(), 2);
        assert_eq!(snapshot.buckets().last().unwrap().count, 1);
        assert_eq!(snapshot.buckets().next().unwrap().count, 1);
    }
}
