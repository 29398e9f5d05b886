use std::time::Duration;

const MICROSECOND: u64 = 1_000;
const MILLISECOND: u64 = 1_000 * MICROSECOND;

/// In tenths, the bounds of one decade. Every other one, from the first, is 1, 2 or 5 times a power of ten.
const DECADE: [u64; 6] = [10, 15, 20, 30, 50, 70];

const LATENCIES: [u64; 6 * 7 + 1] = decades(MICROSECOND);
const AGES: [u64; 6 * 7 + 1] = decades(MILLISECOND);

/// Where the buckets of a histogram end: six in a decade, so that an estimated quantile is off by less than half of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds(&'static [u64]);

impl Bounds {
    /// From 10 µs to 100 s: for what somebody waits for.
    pub const LATENCIES: Self = Self(&LATENCIES);

    /// From 10 ms to 100,000 s, which is more than a day: for how old something is, and for work that nobody waits for.
    pub const AGES: Self = Self(&AGES);

    /// How many there are. What is longer than the last has a bucket more.
    pub const fn count(self) -> usize {
        self.0.len()
    }

    /// The bucket that a duration belongs to: the first whose bound is not less.
    pub(crate) fn bucket(self, nanoseconds: u64) -> usize {
        self.0.partition_point(|bound| *bound < nanoseconds)
    }

    /// The bound of a bucket; none for the last.
    pub(crate) fn upper(self, bucket: usize) -> Option<Duration> {
        self.0.get(bucket).copied().map(Duration::from_nanos)
    }
}

/// Seven decades from ten `unit`s, and the bound after them.
const fn decades<const COUNT: usize>(unit: u64) -> [u64; COUNT] {
    let mut bounds = [0; COUNT];
    let mut index = 0;
    let mut scale = unit;
    while index < COUNT {
        bounds[index] = scale * DECADE[index % DECADE.len()];
        index += 1;
        if index % DECADE.len() == 0 {
            scale *= 10;
        }
    }
    bounds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_ascend_from_the_first_to_the_last() {
        for (bounds, first, last) in [
            (Bounds::LATENCIES, Duration::from_micros(10), Duration::from_secs(100)),
            (Bounds::AGES, Duration::from_millis(10), Duration::from_secs(100_000)),
        ] {
            assert!(bounds.0.is_sorted_by(|one, next| one < next), "{bounds:?}");
            assert_eq!(bounds.upper(0), Some(first));
            assert_eq!(bounds.upper(bounds.count() - 1), Some(last));
            assert_eq!(bounds.upper(bounds.count()), None);
        }
    }

    #[test]
    fn a_duration_belongs_to_the_first_bucket_that_is_long_enough() {
        let bucket = |duration: Duration| Bounds::LATENCIES.bucket(duration.as_nanos() as u64);
        assert_eq!(bucket(Duration::ZERO), 0);
        assert_eq!(bucket(Duration::from_micros(10)), 0);
        assert_eq!(bucket(Duration::from_nanos(10_001)), 1);
        assert_eq!(bucket(Duration::from_secs(100)), Bounds::LATENCIES.count() - 1);
        assert_eq!(bucket(Duration::from_secs(101)), Bounds::LATENCIES.count());
    }
}
