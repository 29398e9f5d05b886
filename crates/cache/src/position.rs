use std::fmt;

use serde::{Deserialize, Serialize};

/// This process's own number of a poll that saw something new. Grows; means nothing to another process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position(u64);

impl Position {
    /// The last position there is. Nothing read at it is ever valid, so running out of positions costs misses only.
    pub(crate) const LAST: Self = Self((1 << 40) - 1);

    /// The position numbered `number`, at most [`Self::LAST`].
    pub(crate) fn new(number: u64) -> Self {
        Self(number.min(Self::LAST.0))
    }

    /// The number.
    pub fn get(self) -> u64 {
        self.0
    }

    /// The position after this one; [`Self::LAST`] is its own.
    pub(crate) fn next(self) -> Self {
        Self::new(self.0 + 1)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
