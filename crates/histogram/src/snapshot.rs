use std::time::Duration;

use crate::Bounds;

/// What a histogram had counted at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    bounds: Bounds,
    counts: Box<[u64]>,
    sum: Duration,
}

/// The durations between two bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// How long the longest may be; none for what is longer than all bounds.
    pub upper: Option<Duration>,
    /// How many there are in this one alone.
    pub count: u64,
}

impl Snapshot {
    pub(crate) fn new(bounds: Bounds, counts: Box<[u64]>, sum: Duration) -> Self {
        Self { bounds, counts, sum }
    }

    /// Nothing at all.
    pub fn empty(bounds: Bounds) -> Self {
        Self::new(bounds, vec![0; bounds.count() + 1].into(), Duration::ZERO)
    }

    /// How many durations were counted.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// All of them together.
    pub fn sum(&self) -> Duration {
        self.sum
    }

    /// The buckets, by their bounds.
    pub fn buckets(&self) -> impl ExactSizeIterator<Item = Bucket> {
        self.counts.iter().enumerate().map(|(index, count)| Bucket { upper: self.bounds.upper(index), count: *count })
    }

    /// The same in half as many buckets, which end at 1, 2 and 5 times a power of ten.
    pub fn coarse_buckets(&self) -> impl Iterator<Item = Bucket> {
        // The first bound stands alone; after it, two buckets at a time end at the bound of the second.
        let (first, rest) = self.counts.split_at(1);
        std::iter::once(first)
            .chain(rest.chunks(2))
            .enumerate()
            .map(|(index, counts)| Bucket { upper: self.bounds.upper(2 * index), count: counts.iter().sum() })
    }

    /// How long the shortest `share` (0.0 to 1.0) of what was counted took at most, about: what lies within a bucket is taken to be spread
    /// evenly, and what is longer than all bounds to be as long as the last. None if nothing was counted.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let count = self.count();
        if count == 0 {
            return None;
        }
        let rank = (share.clamp(0.0, 1.0) * count as f64).max(1.0);
        let (mut below, mut lower) = (0.0, Duration::ZERO);
        for Bucket { upper, count } in self.buckets() {
            let count = count as f64;
            let Some(upper) = upper else { break };
            if count > 0.0 && below + count >= rank {
                return Some(lower + (upper - lower).mul_f64((rank - below) / count));
            }
            (below, lower) = (below + count, upper);
        }
        Some(lower)
    }

    /// Both together. They have to have the same bounds.
    pub fn add(&mut self, other: &Self) {
        debug_assert_eq!(self.bounds, other.bounds, "histograms of different bounds are added");
        self.counts.iter_mut().zip(&other.counts).for_each(|(count, more)| *count += more);
        self.sum += other.sum;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Histogram;

    fn of(microseconds: impl IntoIterator<Item = u64>) -> Snapshot {
        let histogram = Histogram::new(Bounds::LATENCIES);
        microseconds.into_iter().for_each(|each| histogram.record(Duration::from_micros(each)));
        histogram.snapshot()
    }

    #[test]
    fn nothing_has_no_quantile() {
        assert_eq!(Snapshot::empty(Bounds::LATENCIES).quantile(0.5), None);
        assert_eq!(of([]), Snapshot::empty(Bounds::LATENCIES));
    }

    #[test]
    fn coarse_buckets_end_at_one_two_and_five() {
        let coarse: Vec<Bucket> = of([9, 11, 14, 16, 20, 21, 2_000]).coarse_buckets().collect();
        let upper: Vec<_> = coarse.iter().take(5).map(|bucket| bucket.upper.unwrap().as_micros()).collect();
        assert_eq!(upper, [10, 20, 50, 100, 200]);
        assert_eq!(coarse.iter().take(3).map(|bucket| bucket.count).collect::<Vec<_>>(), [1, 4, 1]);
        assert_eq!(coarse.last().unwrap(), &Bucket { upper: None, count: 0 });
        assert_eq!(coarse[coarse.len() - 2].upper, Some(Duration::from_secs(100)));
        assert_eq!(of([200_000_000]).coarse_buckets().last().unwrap().count, 1);
    }

    #[test]
    fn what_lies_within_a_bucket_is_taken_to_be_spread_evenly() {
        // It begins at 10 µs, and ends at 15.
        let four = of([11, 12, 13, 14]);
        let quantiles = [0.25, 0.5, 1.0].map(|share| four.quantile(share).unwrap().as_nanos());
        assert_eq!(quantiles, [11_250, 12_500, 15_000]);
    }

    #[test]
    fn two_are_added() {
        let mut sum = of([10, 300]);
        sum.add(&of([10, 5_000]));
        assert_eq!(sum, of([10, 10, 300, 5_000]));
    }

    proptest! {
        /// By the width of a bucket, which is less than half of what it ends with, but for the first.
        #[test]
        fn a_quantile_is_off_by_less_than_half(mut each in prop::collection::vec(11_u64..100_000_000, 1..200), share in 0.0..=1.0_f64) {
            let estimated = of(each.clone()).quantile(share).unwrap().as_micros() as f64;
            each.sort_unstable();
            let rank = ((share * each.len() as f64).ceil() as usize).clamp(1, each.len());
            let exact = each[rank - 1] as f64;
            prop_assert!((estimated - exact).abs() <= exact.max(estimated) * 0.5 + 1.0, "{estimated} for {exact}");
        }

        #[test]
        fn both_sorts_of_buckets_hold_everything(each in prop::collection::vec(0_u64..200_000_000, 0..200)) {
            let snapshot = of(each.clone());
            prop_assert_eq!(snapshot.count(), each.len() as u64);
            prop_assert_eq!(snapshot.buckets().map(|bucket| bucket.count).sum::<u64>(), each.len() as u64);
            prop_assert_eq!(snapshot.coarse_buckets().map(|bucket| bucket.count).sum::<u64>(), each.len() as u64);
        }
    }
}
