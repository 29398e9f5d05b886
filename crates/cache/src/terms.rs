use std::time::Duration;

use crate::Policy;

/// How old what is answered may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    /// How much older than the request's arrival.
    pub(crate) max_staleness: Duration,
    /// How much older than that while the source cannot be asked; zero if it must be asked.
    pub(crate) stale_if_error: Duration,
}

impl Terms {
    /// Those of what rests on nothing.
    pub(crate) const NONE: Self = Self { max_staleness: Duration::MAX, stale_if_error: Duration::MAX };

    /// Those of what must miss nothing.
    pub(crate) const STRICT: Self = Self { max_staleness: Duration::ZERO, stale_if_error: Duration::ZERO };

    pub(crate) fn of(policy: &Policy) -> Self {
        Self { max_staleness: policy.max_staleness, stale_if_error: policy.stale_if_error }
    }

    /// Those of what has to keep both.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            max_staleness: self.max_staleness.min(other.max_staleness),
            stale_if_error: self.stale_if_error.min(other.stale_if_error),
        }
    }
}
