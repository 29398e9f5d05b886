use crate::contract::Content;
use crate::snapshot::{Snapshot, Xid, Xids};
use crate::{Bounds, Protections};

/// PostgreSQL with the change log, its pruner and its backup.
///
/// Every step here is one moment in the server: a commit makes a transaction's rows and its row in the log visible at once.
/// A writer that crashes before its commit has aborted; one that crashes afterwards has committed, and tells nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Database {
    /// Tells histories apart.
    pub generation: u8,
    /// What a backup holds.
    pub stored: Stored,
    /// The ids from here on were given out in this generation.
    first: Xid,
    /// What was committed in the history before, and is not in this one.
    lost: Content,
    backup: Option<Stored>,
    /// The pruner's own mark, which it prunes to later.
    pruner: Option<Snapshot>,
    prunings: u8,
}

/// What the database's files hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stored {
    /// The id of the next transaction.
    pub next: Xid,
    /// Transactions that have begun and not ended.
    pub running: Xids,
    /// Transactions that have committed.
    pub committed: Xids,
    /// The transactions whose rows the log still holds, visible or not.
    pub log: Xids,
    /// The mark from which the log is complete.
    pub floor: Snapshot,
}

/// What one poll saw, as `tidewater_changelog::Poll`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Seen {
    /// The history goes on from the last poll.
    Continued {
        /// What is visible now.
        mark: Snapshot,
        /// The transactions whose changes became visible.
        changes: Xids,
    },
    /// The first poll, or one that cannot be joined to the one before.
    Restarted {
        /// The generation from here on.
        generation: u8,
        /// What is visible now.
        mark: Snapshot,
        /// The mark from which the log is complete.
        floor: Snapshot,
        /// The retained log.
        changes: Xids,
    },
}

impl Database {
    /// What is visible now. As in PostgreSQL, `xmax` is one past the highest id that has finished.
    pub fn snapshot(&self) -> Snapshot {
        let finished = Xids::below(self.stored.next).without(self.stored.running);
        let xmax = finished.end();
        Snapshot { xmax, running: self.stored.running.and(Xids::below(xmax)) }
    }

    /// What a statement reads under the key.
    pub fn read(&self, bounds: &Bounds) -> Content {
        self.content(self.stored.committed, bounds)
    }

    /// What the transaction that read before a restore may have seen beyond that.
    pub fn lost(&self) -> Content {
        self.lost
    }

    /// The one statement of a poll after the poll that `last` tells of. Where it cannot be joined to that, a second statement
    /// follows; only what the second one sees counts, so both are taken to be one.
    pub fn poll(&self, last: Option<(u8, Snapshot)>, bounds: &Bounds, protections: &Protections) -> Seen {
        let now = self.snapshot();
        let mark =
            if protections.marks_tell_what_is_running { now } else { Snapshot { running: Xids::default(), ..now } };
        let visible = self.stored.log.and(self.stored.committed);
        let joined = last.filter(|(generation, last)| {
            (*generation == self.generation || !protections.generation_is_checked)
                && mark.includes(*last)
                && visible.without(last.seen()).iter().count() <= usize::from(bounds.changes_of_a_poll)
                && (last.includes(self.stored.floor) || !protections.floor_is_checked)
        });
        match joined {
            Some((_, last)) => Seen::Continued { mark, changes: visible.without(last.seen()) },
            None => Seen::Restarted { generation: self.generation, mark, floor: self.stored.floor, changes: visible },
        }
    }

    /// Whether another transaction may begin.
    pub fn may_begin(&self, bounds: &Bounds) -> bool {
        self.stored.next < bounds.transactions
    }

    /// A transaction begins and writes.
    pub fn begin(&mut self) {
        self.stored.running = self.stored.running.with(self.stored.next);
        self.stored.log = self.stored.log.with(self.stored.next);
        self.stored.next += 1;
    }

    /// A transaction commits.
    pub fn commit(&mut self, xid: Xid) {
        self.stored.running = self.stored.running.without(Xids::default().with(xid));
        self.stored.committed = self.stored.committed.with(xid);
    }

    /// A transaction ends without effect.
    pub fn abort(&mut self, xid: Xid) {
        let aborted = Xids::default().with(xid);
        self.stored.running = self.stored.running.without(aborted);
        self.stored.log = self.stored.log.without(aborted);
    }

    /// Whether the pruner may take a mark.
    pub fn may_mark(&self, bounds: &Bounds) -> bool {
        self.pruner.is_none() && self.prunings < bounds.prunings && !self.visible_log().is_empty()
    }

    /// The pruner takes the mark that it prunes to later.
    pub fn mark(&mut self) {
        self.pruner = Some(self.snapshot());
    }

    /// Deletes what is visible at the pruner's mark and moves the floor there, in one step. False if that has no effect.
    pub fn prune(&mut self) -> bool {
        let Some(mark) = self.pruner else { return false };
        let deleted = self.visible_log().and(mark.seen());
        if !mark.includes(self.stored.floor) || !self.snapshot().includes(mark) || deleted.is_empty() {
            return false;
        }
        self.stored.log = self.stored.log.without(deleted);
        self.stored.floor = mark;
        self.pruner = None;
        self.prunings += 1;
        true
    }

    /// Whether a backup may be taken.
    pub fn may_back_up(&self, bounds: &Bounds) -> bool {
        bounds.restores && self.backup.is_none() && self.generation == 0
    }

    /// A backup is taken.
    pub fn back_up(&mut self) {
        self.backup = Some(self.stored);
    }

    /// The backup is put back: what was running then has aborted, and ids that were given out since are given out again. Returns
    /// false if there is none.
    pub fn restore(&mut self, bounds: &Bounds) -> bool {
        let Some(backup) = self.backup.take() else { return false };
        let before = self.read(bounds);
        self.stored = Stored { running: Xids::default(), log: backup.log.without(backup.running), ..backup };
        self.lost = before.without(self.read(bounds));
        self.first = self.stored.next;
        self.generation += 1;
        true
    }

    fn visible_log(&self) -> Xids {
        self.stored.log.and(self.stored.committed)
    }

    fn content(&self, xids: Xids, bounds: &Bounds) -> Content {
        let writers = xids.and(bounds.writers);
        let old = writers.and(Xids::below(self.first));
        Content::of(0, old).and_also(Content::of(self.generation, writers.without(old)))
    }
}
