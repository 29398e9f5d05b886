//! What one key was, is and may be.

use std::collections::VecDeque;

use uuid::Uuid;

use crate::clock::{NEVER, Nanos};
use crate::state::Row;

/// What became of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Its transaction is open, or its commit is under way.
    Pending,
    /// It is in force, or was.
    Committed,
    /// It never was.
    RolledBack,
    /// Its commit was sent, and nobody said how it ended. It may come into force at any time.
    Unknown,
}

/// One written state of a key.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    pub(crate) number: u32,
    /// `None`: absent.
    pub(crate) row: Option<Row>,
    /// Just before its commit was sent.
    pub(crate) begun: Nanos,
    /// Just after its commit was known to have succeeded.
    pub(crate) acknowledged: Nanos,
    pub(crate) outcome: Outcome,
}

/// The versions of a key, oldest first. Only one writer adds to it, one version after the other.
#[derive(Debug)]
pub(crate) struct History {
    versions: VecDeque<Version>,
    next: u32,
    /// Whether versions were forgotten.
    pruned: bool,
}

/// Past this many versions, those are forgotten that nothing can be shown any more.
const KEPT: usize = 32;

impl History {
    /// A key whose first version has been in force since before the run.
    pub(crate) fn new(row: Option<Row>) -> Self {
        let first = Version { number: 0, row, begun: 0, acknowledged: 0, outcome: Outcome::Committed };
        Self { versions: VecDeque::from([first]), next: 1, pruned: false }
    }

    /// Adds a version whose commit has not begun, and returns its number.
    pub(crate) fn add(&mut self, row: Option<Row>) -> u32 {
        let number = self.next;
        self.next += 1;
        self.versions.push_back(Version { number, row, begun: NEVER, acknowledged: NEVER, outcome: Outcome::Pending });
        number
    }

    /// The commit of `number` is about to be sent.
    pub(crate) fn begin_commit(&mut self, number: u32, now: Nanos) {
        if let Some(version) = self.find(number) {
            version.begun = now;
        }
    }

    /// How `number` ended.
    pub(crate) fn end(&mut self, number: u32, outcome: Outcome, now: Nanos) {
        if let Some(version) = self.find(number) {
            version.outcome = outcome;
            if outcome == Outcome::Committed {
                version.acknowledged = now;
            }
        }
    }

    /// The id that the server gave to the row of `number`.
    pub(crate) fn name(&mut self, number: u32, id: Uuid) {
        if let Some(Version { row: Some(row), .. }) = self.find(number) {
            row.id = Some(id);
        }
    }

    /// Forgets what no request can be shown that is sent, less its bound, at `horizon` or later.
    pub(crate) fn prune(&mut self, horizon: impl FnOnce() -> Nanos) {
        if self.versions.len() <= KEPT {
            return;
        }
        let oldest = self.oldest_admissible(horizon());
        self.pruned |= oldest > 0;
        self.versions.drain(..oldest);
    }

    pub(crate) fn is_pruned(&self) -> bool {
        self.pruned
    }

    pub(crate) fn versions(&self) -> impl DoubleEndedIterator<Item = &Version> {
        self.versions.iter()
    }

    /// From the last version on that was acknowledged before `time`.
    pub(crate) fn since(&self, time: Nanos) -> impl DoubleEndedIterator<Item = &Version> {
        self.versions.range(self.oldest_admissible(time)..)
    }

    /// The last version that is known to be in force.
    pub(crate) fn last_committed(&self) -> &Version {
        let last = self.versions.iter().rposition(|version| version.outcome == Outcome::Committed);
        &self.versions[last.unwrap_or(0)]
    }

    fn oldest_admissible(&self, time: Nanos) -> usize {
        self.versions.iter().rposition(|version| version.acknowledged < time).unwrap_or(0)
    }

    fn find(&mut self, number: u32) -> Option<&mut Version> {
        self.versions.iter_mut().rev().find(|version| version.number == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(stamp: u64) -> Option<Row> {
        Some(Row { id: None, owner: 0, flag: false, stamp })
    }

    #[test]
    fn only_what_can_still_be_asked_for_is_kept() {
        let mut history = History::new(None);
        for stamp in 1..=100 {
            let number = history.add(row(stamp));
            history.begin_commit(number, stamp * 10);
            history.end(number, Outcome::Committed, stamp * 10 + 5);
        }
        history.prune(|| 500);
        assert!(history.is_pruned());
        let numbers: Vec<u32> = history.versions().map(|version| version.number).collect();
        assert_eq!(numbers, (49..=100).collect::<Vec<_>>());
        assert_eq!(history.since(700).next().map(|version| version.number), Some(69));
        assert_eq!(history.last_committed().number, 100);
    }

    #[test]
    fn what_was_rolled_back_hides_nothing() {
        let mut history = History::new(row(1));
        let number = history.add(row(2));
        history.begin_commit(number, 10);
        history.end(number, Outcome::RolledBack, 20);
        assert_eq!(history.last_committed().number, 0);
        assert_eq!(history.since(100).count(), 2);
    }
}
