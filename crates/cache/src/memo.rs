use std::sync::Arc;
use std::time::Instant;

use crate::ledger::Times;
use crate::{Footprint, Position};

/// A cached thing. Valid at a position if nothing in its footprint changed after `as_of` up to there.
#[derive(Debug)]
pub(crate) struct Memo<T: ?Sized> {
    pub(crate) value: Arc<T>,
    pub(crate) footprint: Footprint,
    /// The position in force before the source was read.
    pub(crate) as_of: Position,
    /// When this process had it from its source, or from Redis: it shows nothing that was committed later.
    pub(crate) read_at: Instant,
    /// When its source was read, as far as clocks of other machines tell. For people to read; no proof of anything.
    pub(crate) sourced_at: Instant,
    /// Until when it may be kept.
    pub(crate) expires_at: Instant,
}

impl<T: ?Sized> Memo<T> {
    pub(crate) fn times(&self) -> Times {
        Times { as_of: self.as_of, read_at: self.read_at, expires_at: self.expires_at }
    }
}
