use std::sync::Arc;
use std::time::Duration;

use crate::{Footprint, Position};

/// A cached thing. Valid at a position if nothing in its footprint changed after `as_of` up to there.
#[derive(Debug)]
pub(crate) struct Memo<T: ?Sized> {
    pub(crate) value: Arc<T>,
    pub(crate) footprint: Footprint,
    /// The position in force before the source was read.
    pub(crate) as_of: Position,
    /// How long it may still be kept.
    pub(crate) lifetime: Duration,
    /// How many bytes it takes, about.
    pub(crate) weight: u32,
}
