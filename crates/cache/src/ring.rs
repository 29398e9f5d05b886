use tidewater_changelog::{Generation, Mark};

use crate::Position;

/// How many marks are kept at most.
const CAPACITY: usize = 1_024;
/// How many of the newest are all kept.
const RECENT: usize = 256;
/// By which part of its age a mark beyond these may be placed too old. At 32, the capacity lasts for 10^12 positions.
const PRECISION: u64 = 32;

/// The marks at which this process's positions began: places what another process read on this process's own scale.
///
/// Marks only ever grow, so the ones that a given mark includes are the oldest ones up to some point. The ring is thinned whenever
/// it is full: what is recent is placed exactly, what is old a little older than it is.
#[derive(Debug)]
pub(crate) struct Ring {
    generation: Generation,
    entries: Vec<(Position, Mark)>,
}

impl Ring {
    pub(crate) fn new(generation: Generation, entries: impl IntoIterator<Item = (Position, Mark)>) -> Self {
        let mut ring = Self { generation, entries: Vec::with_capacity(CAPACITY) };
        for (position, mark) in entries {
            ring.push(position, mark);
        }
        ring
    }

    /// Notes that `position`, later than any before, began at `mark`.
    pub(crate) fn push(&mut self, position: Position, mark: Mark) {
        if self.entries.len() == CAPACITY {
            self.thin(position);
        }
        self.entries.push((position, mark));
    }

    /// The newest known position of which everything is visible at `mark`. None if `mark` is of another generation or older
    /// than all that is known.
    pub(crate) fn newest_included_in(&self, generation: &Generation, mark: &Mark) -> Option<Position> {
        if *generation != self.generation {
            return None;
        }
        let count = self.entries.partition_point(|(_, begun)| mark.includes(begun));
        count.checked_sub(1).map(|newest| self.entries[newest].0)
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Drops entries whose neighbours are close together for their age at `now`; at least one.
    fn thin(&mut self, now: Position) {
        let mut before = 0;
        let mut index = 0;
        let positions: Vec<_> = self.entries.iter().map(|(position, _)| position.get()).collect();
        self.entries.retain(|(position, _)| {
            let next = positions.get(index + 1 + RECENT).and(positions.get(index + 1));
            let age = now.get() - before;
            let dropped = index > 0 && next.is_some_and(|next| next - before <= age / PRECISION);
            if !dropped {
                before = position.get();
            }
            index += 1;
            !dropped
        });
        if self.entries.len() == CAPACITY {
            self.entries.remove(1);
        }
    }
}
