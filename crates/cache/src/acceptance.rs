use std::time::Duration;

use crate::terms::Terms;

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
    /// The terms of what would have `terms` otherwise.
    pub(crate) fn of(self, terms: Terms) -> Terms {
        match self {
            Self::Policy => terms,
            Self::AtMost(max_staleness) => Terms { max_staleness, ..terms },
            Self::Source { .. } => Terms { max_staleness: Duration::ZERO, ..terms },
        }
    }
}
