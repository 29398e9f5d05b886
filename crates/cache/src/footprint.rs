use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::Dependency;

/// Everything a value was computed from, as stable hashes: compact, comparable across processes, and cheap to check.
///
/// Most values depend on one row, which is two hashes and needs no allocation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Footprint(SmallVec<[u64; 2]>);

impl Footprint {
    /// Adds what another footprint holds.
    pub fn merge(&mut self, other: &Self) {
        if !other.0.is_empty() {
            self.0.extend_from_slice(&other.0);
            self.normalise();
        }
    }

    /// What either holds.
    pub(crate) fn with(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.merge(other);
        both
    }

    /// Of hashes that others hold.
    pub(crate) fn of_hashes(hashes: &[u64]) -> Self {
        let mut footprint = Self(SmallVec::from_slice(hashes));
        footprint.normalise();
        footprint.0.shrink_to_fit();
        footprint
    }

    /// Whether there is no dependency at all: the value can never be invalidated.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn holds(&self, hash: u64) -> bool {
        self.0.binary_search(&hash).is_ok()
    }

    /// How many hashes it holds that none of `others` does.
    pub fn beyond<'a>(&self, others: impl IntoIterator<Item = &'a Self>) -> usize {
        let mut rest = self.0.to_vec();
        for other in others {
            rest.retain(|hash| !other.holds(*hash));
        }
        rest.len()
    }

    pub(crate) fn hashes(&self) -> &[u64] {
        &self.0
    }

    /// How much it takes beyond its own size.
    pub(crate) fn heap_bytes(&self) -> usize {
        if self.0.spilled() { self.0.capacity() * size_of::<u64>() } else { 0 }
    }

    fn normalise(&mut self) {
        self.0.sort_unstable();
        self.0.dedup();
    }
}

impl From<Dependency> for Footprint {
    fn from(dependency: Dependency) -> Self {
        std::iter::once(dependency).collect()
    }
}

impl FromIterator<Dependency> for Footprint {
    fn from_iter<I: IntoIterator<Item = Dependency>>(dependencies: I) -> Self {
        let mut footprint = Self::default();
        footprint.extend(dependencies);
        footprint
    }
}

impl Extend<Dependency> for Footprint {
    fn extend<I: IntoIterator<Item = Dependency>>(&mut self, dependencies: I) {
        for dependency in dependencies {
            self.0.extend(dependency.hashes());
        }
        self.normalise();
    }
}
