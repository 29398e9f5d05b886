use std::time::Duration;

use crate::Quota;
use crate::clock::nanoseconds;

/// The arithmetic of one quota, in nanoseconds. All that is known of whoever takes from it is when it will be whole again; a moment
/// that is past means that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gcra {
    /// The time in which one unit comes back.
    interval: u64,
    /// How far ahead the moment may lie: the time in which all units come back.
    whole: u64,
}

impl Gcra {
    pub(crate) fn new(quota: Quota) -> Self {
        // Rounded up: never more than the quota.
        let interval = nanoseconds(quota.window()).div_ceil(quota.units());
        Self { interval, whole: interval.saturating_mul(quota.units()) }
    }

    /// Takes `units` at `now`. Answers when it will be whole then, or else how long it takes until they can be taken.
    pub(crate) fn take(&self, whole_at: u64, now: u64, units: u64) -> Result<u64, Duration> {
        let whole_at = whole_at.max(now).saturating_add(self.interval.saturating_mul(units));
        match (whole_at - now).checked_sub(self.whole) {
            None | Some(0) => Ok(whole_at),
            Some(ahead) => Err(Duration::from_nanos(ahead)),
        }
    }

    /// When it will be whole if `units` are given back.
    pub(crate) fn give_back(&self, whole_at: u64, units: u64) -> u64 {
        whole_at.saturating_sub(self.interval.saturating_mul(units))
    }

    /// How many units can be taken at `now`.
    pub(crate) fn left(&self, whole_at: u64, now: u64) -> u64 {
        self.whole.saturating_sub(whole_at.saturating_sub(now)) / self.interval
    }

    /// When it will be whole if `left` can be taken at `now`.
    pub(crate) fn whole_at(&self, left: u64, now: u64) -> u64 {
        (now + self.whole).saturating_sub(self.interval.saturating_mul(left)).max(now)
    }

    /// Whether more than half of it is taken at `now`. Cheaper than [`left`](Self::left).
    pub(crate) fn is_low(&self, whole_at: u64, now: u64) -> bool {
        whole_at.saturating_sub(now) > self.whole / 2
    }

    /// The time in which one unit comes back, in nanoseconds.
    pub(crate) fn interval(&self) -> u64 {
        self.interval
    }

    /// The time in which all units come back, in nanoseconds.
    pub(crate) fn whole(&self) -> u64 {
        self.whole
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// By the definition: of what was taken in any stretch of time up to now, all but the quota must have come back in it.
    #[derive(Default)]
    struct Model(Vec<(u64, u64)>);

    impl Model {
        fn missing(&self, gcra: Gcra, now: u64, units: u64) -> u64 {
            let mut taken = units * gcra.interval;
            let mut missing = taken.saturating_sub(gcra.whole);
            for (at, units) in self.0.iter().rev() {
                taken += units * gcra.interval;
                missing = missing.max(taken.saturating_sub(gcra.whole + (now - at)));
            }
            missing
        }
    }

    fn quotas() -> impl Strategy<Value = Quota> {
        (1_u64..50, 1_u64..100_000)
            .prop_map(|(units, window)| Quota::new(units, Duration::from_micros(window)).unwrap())
    }

    proptest! {
        #[test]
        fn it_takes_what_the_definition_allows_and_says_when(
            quota in quotas(),
            steps in prop::collection::vec((0_u64..20_000_000, 1_u64..60), 1..100),
        ) {
            let gcra = Gcra::new(quota);
            let (mut model, mut whole_at, mut now) = (Model::default(), 0, 1_000_000_000);
            for (pause, units) in steps {
                now += pause;
                let missing = model.missing(gcra, now, units);
                let left = gcra.left(whole_at, now);
                prop_assert_eq!(left >= units, missing == 0);
                match gcra.take(whole_at, now, units) {
                    Ok(then) => {
                        prop_assert_eq!(missing, 0);
                        prop_assert_eq!(gcra.left(then, now), left - units);
                        whole_at = then;
                        model.0.push((now, units));
                    }
                    Err(wait) => {
                        prop_assert_eq!(wait, Duration::from_nanos(missing));
                        let then = now + missing;
                        if units <= quota.units() {
                            prop_assert!(gcra.take(whole_at, then, units).is_ok());
                            prop_assert!(gcra.take(whole_at, then - 1, units).is_err());
                        }
                    }
                }
            }
        }

        #[test]
        fn what_is_given_back_was_never_taken(quota in quotas(), before in 0_u64..100, units in 1_u64..50) {
            let (gcra, now) = (Gcra::new(quota), 1_000_000_000);
            let whole_at = gcra.whole_at(quota.units().saturating_sub(before), now);
            if let Ok(taken) = gcra.take(whole_at, now, units) {
                prop_assert_eq!(gcra.give_back(taken, units), whole_at);
            }
        }

        #[test]
        fn a_moment_stands_for_what_is_left(quota in quotas(), left in 0_u64..50) {
            let (gcra, now) = (Gcra::new(quota), 1_000_000_000);
            let left = left.min(quota.units());
            prop_assert_eq!(gcra.left(gcra.whole_at(left, now), now), left);
        }
    }

    #[test]
    fn all_units_can_be_taken_at_once_where_they_do_not_divide_the_window() {
        let gcra = Gcra::new(Quota::new(3, Duration::from_secs(1)).unwrap());
        let taken = gcra.take(0, 5, 3).unwrap();
        assert!(gcra.take(taken, 5, 1).is_err());
        assert!(gcra.take(taken, 5 + 333_333_334, 1).is_ok());
    }
}
