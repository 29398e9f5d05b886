//! The changes of the database as far as they are known here, without doubles, and with the places where some may be missing.

use std::collections::VecDeque;

use crate::tide::{Change, Seen};

/// How many are kept.
const MOST: usize = 1_000;

/// The changes, the latest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes {
    /// The server that numbered them.
    server: String,
    entries: VecDeque<Entry>,
}

/// A line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Changed(Change),
    /// What lies between the changes around it.
    Gap(&'static str),
}

/// Between changes that another process numbered and those of this one.
const ANOTHER: &str = "from here on another server tells, or the same one started anew";

/// Between the changes of one server.
const MISSED: &str = "more may have changed here than the server remembers";

impl Changes {
    /// Adds one that has just happened. Returns how many lines the list has grown by at its head.
    pub(crate) fn add(&mut self, change: Change) -> usize {
        let grown = usize::from(self.is_told_by(&change.server)) + 1;
        self.push(Entry::Changed(change));
        grown
    }

    /// Takes over what a server saw last, after it was not followed for a while. Returns how many lines the list has grown by at its
    /// head.
    pub(crate) fn resume(&mut self, seen: Seen) -> usize {
        let Seen { server, changes } = seen;
        let is_another = self.is_told_by(&server);
        let known = if is_another { None } else { self.latest() };
        let oldest = changes.last().map(|change| change.position);
        let mut grown = usize::from(is_another);
        // What is known last would be among them.
        if known.zip(oldest).is_some_and(|(known, oldest)| oldest > known) {
            self.push(Entry::Gap(MISSED));
            grown += 1;
        }
        // Of the poll that was heard of last, some may have been told.
        let mut told = known.map_or(0, |known| self.count_at(known));
        for change in changes.into_iter().rev().filter(|change| known.is_none_or(|known| change.position >= known)) {
            if Some(change.position) == known && told > 0 {
                told -= 1;
                continue;
            }
            self.push(Entry::Changed(change));
            grown += 1;
        }
        grown
    }

    /// The lines, the latest first.
    pub(crate) fn entries(&self) -> &VecDeque<Entry> {
        &self.entries
    }

    /// The position of the latest.
    fn latest(&self) -> Option<u64> {
        self.positions().next()
    }

    /// How many have this position, which is the latest.
    fn count_at(&self, position: u64) -> usize {
        self.positions().take_while(|at| *at == position).count()
    }

    /// Those of the server that tells now, the latest first.
    fn positions(&self) -> impl Iterator<Item = u64> {
        let entries = self.entries.iter().take_while(|entry| **entry != Entry::Gap(ANOTHER));
        entries.filter_map(|entry| match entry {
            Entry::Changed(change) => Some(change.position),
            Entry::Gap(_) => None,
        })
    }

    /// From here on, this server tells. Whether that adds a line, because it is another than the one before.
    fn is_told_by(&mut self, server: &str) -> bool {
        if server == self.server {
            return false;
        }
        server.clone_into(&mut self.server);
        let is_another = !self.entries.is_empty();
        if is_another {
            self.push(Entry::Gap(ANOTHER));
        }
        is_another
    }

    fn push(&mut self, entry: Entry) {
        self.entries.push_front(entry);
        self.entries.truncate(MOST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(position: u64, row: &str) -> Change {
        of("x", position, row)
    }

    fn of(server: &str, position: u64, row: &str) -> Change {
        Change {
            server: server.to_owned(),
            position,
            seen_at: chrono::DateTime::UNIX_EPOCH,
            writer: "OUTSIDE".to_owned(),
            writer_name: None,
            transaction: None,
            table: "todo".to_owned(),
            operation: "UPDATE".to_owned(),
            row: row.to_owned(),
            columns: None,
        }
    }

    /// What a server answers, of which the latest comes first.
    fn seen(server: &str, changes: &[(u64, &str)]) -> Seen {
        let changes = changes.iter().rev().map(|(position, row)| of(server, *position, row)).collect();
        Seen { server: server.to_owned(), changes }
    }

    /// The rows, the latest last; `|` for a gap.
    fn rows(changes: &Changes) -> String {
        let rows = changes.entries().iter().rev().map(|entry| match entry {
            Entry::Changed(change) => change.row.as_str(),
            Entry::Gap(_) => "|",
        });
        rows.collect()
    }

    #[test]
    fn what_was_missed_is_made_up_for_and_nothing_is_told_twice() {
        let mut changes = Changes::default();
        assert_eq!(changes.resume(seen("x", &[(1, "a"), (2, "b")])), 2);
        changes.add(change(3, "c"));
        // The stream broke between two changes of one poll, which are alike.
        changes.add(change(4, "d"));
        assert_eq!(changes.resume(seen("x", &[(2, "b"), (3, "c"), (4, "d"), (4, "d"), (5, "e")])), 2);
        assert_eq!(rows(&changes), "abcdde");
        assert_eq!(changes.resume(seen("x", &[(4, "d"), (4, "d"), (5, "e")])), 0);
    }

    #[test]
    fn what_cannot_be_made_up_for_is_shown_as_a_gap() {
        let mut changes = Changes::default();
        changes.resume(seen("x", &[(1, "a")]));
        assert_eq!(changes.resume(seen("x", &[(4, "d"), (5, "e")])), 3);
        assert_eq!(rows(&changes), "a|de");
    }

    #[test]
    fn another_server_counts_anew() {
        let mut changes = Changes::default();
        changes.resume(seen("x", &[(7, "a")]));
        assert_eq!(changes.resume(seen("y", &[(1, "b")])), 2);
        assert_eq!(changes.resume(seen("y", &[(1, "b"), (2, "c")])), 1);
        assert_eq!(rows(&changes), "a|bc");
        assert_eq!(changes.resume(seen("z", &[])), 1);
        assert_eq!(changes.resume(seen("z", &[(1, "d")])), 1);
        assert_eq!(rows(&changes), "a|bc|d");
    }

    #[test]
    fn what_another_server_tells_behind_a_load_balancer_is_kept_apart() {
        let mut changes = Changes::default();
        changes.resume(seen("x", &[(7, "a")]));
        assert_eq!(changes.add(of("y", 2, "b")), 2);
        assert_eq!(changes.add(of("y", 2, "c")), 1);
        assert_eq!(changes.resume(seen("y", &[(1, "-"), (2, "b"), (2, "c"), (3, "d")])), 1, "by its own positions");
        assert_eq!(rows(&changes), "a|bcd");
    }

    #[test]
    fn the_list_is_bounded() {
        let mut changes = Changes::default();
        for position in 0..3_000 {
            changes.add(change(position, "a"));
        }
        assert_eq!(changes.entries().len(), MOST);
    }
}
