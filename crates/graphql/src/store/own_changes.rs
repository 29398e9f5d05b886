use std::collections::VecDeque;
use std::ops::RangeInclusive;

use parking_lot::Mutex;

/// How many rows of changes without a gap are remembered.
const MOST: usize = 4_096;

/// The changes that were made through the store, by their numbers in the log: on SQLite, where changes do not tell who made them. For
/// people to read; nothing is decided by it.
#[derive(Debug, Default)]
pub(super) struct OwnChanges(Mutex<VecDeque<RangeInclusive<u64>>>);

/// The changes of a transaction that is being committed: forgotten unless it was.
pub(super) struct Committing<'a> {
    changes: &'a OwnChanges,
    before: u64,
    is_committed: bool,
}

impl OwnChanges {
    /// A transaction is about to be committed, whose changes are those after `before` up to `last`. Known from now on: whoever polls
    /// may see them before the commit is confirmed.
    pub(super) fn commit(&self, before: u64, last: u64) -> Committing<'_> {
        let mut known = self.0.lock();
        // Numbers of changes that were taken back are given again, and so are those of a file that a backup was put in the place of.
        forget_after(&mut known, before);
        match known.back_mut() {
            Some(range) if *range.end() == before => *range = *range.start()..=last,
            _ if last > before => known.push_back(before + 1..=last),
            _ => {}
        }
        if known.len() > MOST {
            known.pop_front();
        }
        Committing { changes: self, before, is_committed: false }
    }

    /// Whether the change with this number is one of them, as far as is remembered.
    pub(super) fn contain(&self, number: u64) -> bool {
        let known = self.0.lock();
        let index = known.partition_point(|range| *range.end() < number);
        known.get(index).is_some_and(|range| range.contains(&number))
    }
}

impl Committing<'_> {
    /// It was committed.
    pub(super) fn committed(mut self) {
        self.is_committed = true;
    }
}

impl Drop for Committing<'_> {
    fn drop(&mut self) {
        if !self.is_committed {
            forget_after(&mut self.changes.0.lock(), self.before);
        }
    }
}

fn forget_after(known: &mut VecDeque<RangeInclusive<u64>>, before: u64) {
    while known.back().is_some_and(|range| *range.start() > before) {
        known.pop_back();
    }
    if let Some(range) = known.back_mut().filter(|range| *range.end() > before) {
        *range = *range.start()..=before;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(changes: &OwnChanges) -> Vec<u64> {
        (0..20).filter(|number| changes.contain(*number)).collect()
    }

    #[test]
    fn those_of_others_between_them_are_not_among_them() {
        let changes = OwnChanges::default();
        changes.commit(0, 2).committed();
        changes.commit(2, 3).committed();
        changes.commit(5, 6).committed();
        changes.commit(6, 6).committed();
        changes.commit(8, 8).committed();
        assert_eq!(of(&changes), [1, 2, 3, 6]);
        assert_eq!(changes.0.lock().len(), 2);
    }

    #[test]
    fn what_was_not_committed_is_nobodys() {
        let changes = OwnChanges::default();
        changes.commit(0, 2).committed();
        let given_up = changes.commit(2, 4);
        assert_eq!(of(&changes), [1, 2, 3, 4], "known before the commit is confirmed");
        drop(given_up);
        assert_eq!(of(&changes), [1, 2]);
    }

    #[test]
    fn numbers_that_are_given_again_are_whoever_has_them_now() {
        let changes = OwnChanges::default();
        changes.commit(0, 2).committed();
        changes.commit(4, 9).committed();
        // A backup from before; others wrote 2 and 3.
        changes.commit(3, 5).committed();
        assert_eq!(of(&changes), [1, 2, 4, 5]);
        changes.commit(1, 2).committed();
        assert_eq!(of(&changes), [1, 2]);
    }

    #[test]
    fn they_are_bounded() {
        let changes = OwnChanges::default();
        for number in 0..2 * MOST as u64 {
            changes.commit(2 * number, 2 * number + 1).committed();
        }
        assert_eq!(changes.0.lock().len(), MOST);
        assert!(!changes.contain(1) && changes.contain(4 * MOST as u64 - 1));
    }
}
