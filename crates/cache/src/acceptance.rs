use std::time::Duration;

use crate::Policy;

/// Which answers a request accepts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Acceptance {
    /// What the policy of each space promises.
    #[default]
    Policy,
    /// What is at most this much older than the request's arrival, whatever the policies say. Zero: nothing older.
    AtMost(Duration),
    /// Only what the database answers now: no memo is asked.
    Source {
        /// Whether what it answers may be kept for others.
        keep: bool,
    },
}

impl Acceptance {
    /// How much older than the request's arrival an answer from a space with `policy` may be.
    pub(crate) fn max_staleness(self, policy: &Policy) -> Duration {
        match self {
            Self::Policy => policy.max_staleness,
            Self::AtMost(bound) => bound,
            Self::Source { .. } => Duration::ZERO,
        }
    }
}
