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

    /// Counts what another one has counted, of the same bounds.
    pub fn add(&self, counted: &Snapshot) {
        for (count, bucket) in self.counts.iter().zip(counted.buckets()) {
            count.fetch_add(bucket.count, Ordering::Relaxed);
        }
        let sum = u64::try_from(counted.sum().as_nanos()).unwrap_or(u64::MAX);
        self.sum.fetch_add(sum, Ordering::Relaxed);
    }

    /// What was counted so far, and is forgotten now.
    pub fn take(&self) -> Snapshot {
        let counts = self.counts.iter().map(|count| count.swap(0, Ordering::Relaxed)).collect();
        Snapshot::new(self.bounds, counts, Duration::from_nanos(self.sum.swap(0, Ordering::Relaxed)))
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
    fn what_is_taken_from_one_is_counted_by_another() {
        let (from, to) = (Histogram::new(Bounds::LATENCIES), Histogram::new(Bounds::LATENCIES));
        [1, 20, 300].into_iter().for_each(|n| from.record(Duration::from_millis(n)));
        let taken = from.take();
        to.add(&taken);
        assert_eq!(to.snapshot(), taken);
        assert_eq!(from.snapshot(), Snapshot::empty(Bounds::LATENCIES));
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
