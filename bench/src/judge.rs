//! Judges whether a read shows what had been acknowledged before it was sent.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What is known of each todo that is written.
#[derive(Debug)]
pub(crate) struct Judge {
    /// How much older than its request an answer may be.
    allowance: Duration,
    todos: Vec<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// The version that was written last, acknowledged or not.
    issued: u64,
    is_being_written: bool,
    /// The acknowledged versions and when that was; only the first may have been so for longer than the allowance.
    acknowledged: VecDeque<(Instant, u64)>,
}

impl Judge {
    /// Knows of that many todos that they have version 0. Answers may be older than their requests by `allowance`.
    pub(crate) fn new(todos: usize, allowance: Duration) -> Self {
        Self { allowance, todos: (0..todos).map(|_| Known::default()).collect() }
    }

    /// The version to write next. None while another write is under way, because the database would decide which wins.
    pub(crate) fn begin_write(&mut self, todo: usize) -> Option<u64> {
        let known = &mut self.todos[todo];
        if known.is_being_written {
            return None;
        }
        known.is_being_written = true;
        known.issued += 1;
        Some(known.issued)
    }

    /// The write that was under way was acknowledged.
    pub(crate) fn acknowledge(&mut self, todo: usize, now: Instant) {
        let known = &mut self.todos[todo];
        known.is_being_written = false;
        known.acknowledged.push_back((now, known.issued));
    }

    /// The oldest version that a read sent now may show.
    pub(crate) fn floor(&mut self, todo: usize, now: Instant) -> u64 {
        let acknowledged = &mut self.todos[todo].acknowledged;
        let is_due = |at: &Instant| *at + self.allowance <= now;
        while acknowledged.get(1).is_some_and(|(at, _)| is_due(at)) {
            acknowledged.pop_front();
        }
        acknowledged.front().filter(|(at, _)| is_due(at)).map_or(0, |(_, version)| *version)
    }

    /// Whether that version was ever written.
    pub(crate) fn was_issued(&self, todo: usize, version: u64) -> bool {
        version <= self.todos[todo].issued
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    fn write(judge: &mut Judge, todo: usize, now: Instant) {
        judge.begin_write(todo).unwrap();
        judge.acknowledge(todo, now);
    }

    #[test]
    fn what_was_acknowledged_must_be_shown_and_what_is_under_way_may_be() {
        let now = Instant::now();
        let mut judge = Judge::new(2, Duration::ZERO);
        assert_eq!(judge.floor(0, now), 0);
        write(&mut judge, 0, now);
        assert_eq!((judge.floor(0, now), judge.floor(1, now)), (1, 0));
        assert_eq!(judge.begin_write(0), Some(2));
        assert_eq!(judge.begin_write(0), None, "two writes at once have no order");
        assert_eq!(judge.floor(0, now), 1);
        assert!(judge.was_issued(0, 2) && !judge.was_issued(0, 3));
        judge.acknowledge(0, now);
        assert_eq!(judge.floor(0, now), 2);
    }

    #[test]
    fn with_an_allowance_only_older_acknowledgements_count() {
        let start = Instant::now();
        let mut judge = Judge::new(1, 5 * MILLISECOND);
        write(&mut judge, 0, start);
        write(&mut judge, 0, start + 3 * MILLISECOND);
        let floors: Vec<u64> = (4..10).map(|later| judge.floor(0, start + later * MILLISECOND)).collect();
        assert_eq!(floors, [0, 1, 1, 1, 2, 2]);
    }
}
