use std::collections::BTreeMap;

use async_graphql::PathSegment;

/// Where in a response, or in a part of it, errors are.
#[derive(Debug, Default)]
pub(super) struct Failures<'e> {
    /// Whether there is one of this very value.
    pub(super) here: bool,
    below: BTreeMap<Segment<'e>, Failures<'e>>,
}

/// A step of a path.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Segment<'e> {
    Field(&'e str),
    Index(usize),
}

impl<'e> From<&'e PathSegment> for Segment<'e> {
    fn from(segment: &'e PathSegment) -> Self {
        match segment {
            PathSegment::Field(key) => Self::Field(key),
            PathSegment::Index(index) => Self::Index(*index),
        }
    }
}

impl<'e> Failures<'e> {
    /// Adds what failed at the end of `path`. Whether it is new.
    pub(super) fn insert(&mut self, path: &'e [PathSegment]) -> bool {
        let failed = path.iter().fold(self, |failures, segment| failures.below.entry(segment.into()).or_default());
        !std::mem::replace(&mut failed.here, true)
    }

    pub(super) fn is_none(&self) -> bool {
        !self.here && self.below.is_empty()
    }

    /// The part that is in the field or the item.
    pub(super) fn below(&self, segment: Segment<'e>) -> Option<&Self> {
        self.below.get(&segment)
    }
}
