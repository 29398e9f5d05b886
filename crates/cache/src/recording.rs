use std::time::Instant;

use smallvec::SmallVec;

use crate::memo::Memo;
use crate::terms::Terms;
use crate::{Footprint, Position};

/// What the reads of a request rest on: the grounds of whatever is derived from their answers.
#[derive(Debug)]
pub(crate) struct Recording {
    /// What is read is up to date at this position.
    pub(crate) as_of: Position,
    /// The terms of what was read before the request said what it accepts. They hold whatever is accepted.
    pub(crate) fixed: Terms,
    /// The terms of the rest.
    pub(crate) asked: Terms,
    /// When the first of what was read expires; None if nothing was read.
    pub(crate) expires_at: Option<Instant>,
    hashes: SmallVec<[u64; 64]>,
    is_whole: bool,
}

impl Recording {
    pub(crate) fn new(as_of: Position) -> Self {
        let (fixed, asked) = (Terms::NONE, Terms::NONE);
        Self { as_of, fixed, asked, expires_at: None, hashes: SmallVec::new(), is_whole: true }
    }

    /// Adds what a memo rests on.
    pub(crate) fn add<T: ?Sized>(&mut self, memo: &Memo<T>) {
        self.hashes.extend_from_slice(memo.footprint.hashes());
        self.expires_at = Some(self.expires_at.map_or(memo.expires_at, |earliest| earliest.min(memo.expires_at)));
    }

    /// Adds what something rests on that is served as a part of the whole, and its terms.
    pub(crate) fn add_part<T: ?Sized>(&mut self, memo: &Memo<T>, fixed: Terms, asked: Terms) {
        self.add(memo);
        (self.fixed, self.asked) = (self.fixed.and(fixed), self.asked.and(asked));
    }

    /// Adds all that was recorded of a part of the whole.
    pub(crate) fn add_recording(&mut self, part: &Self) {
        self.hashes.extend_from_slice(&part.hashes);
        self.expires_at = self.expires_at.into_iter().chain(part.expires_at).min();
        (self.fixed, self.asked) = (self.fixed.and(part.fixed), self.asked.and(part.asked));
        self.is_whole &= part.is_whole;
    }

    /// Adds the terms of something that is read, by a request that has or has not yet said what it accepts.
    pub(crate) fn keep_to(&mut self, terms: Terms, has_accepted: bool) {
        let kept = if has_accepted { &mut self.asked } else { &mut self.fixed };
        *kept = kept.and(terms);
    }

    /// Something was read of which not everything is known.
    pub(crate) fn spoil(&mut self) {
        self.is_whole = false;
    }

    /// All that was read rests on; None if that is not known.
    pub(crate) fn footprint(&self) -> Option<Footprint> {
        self.is_whole.then(|| Footprint::of_hashes(&self.hashes))
    }
}
