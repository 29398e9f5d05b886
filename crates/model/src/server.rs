use crate::contract::Content;
use crate::database::Seen;
use crate::reader::Reader;
use crate::snapshot::{Snapshot, Xids};
use crate::{Bounds, Protections};

/// A process's own number of a poll that saw something new.
pub type Position = u8;

/// One process: its tide, its poll under way, its memory and flights, and the requests that it is answering.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Server {
    /// What was known at the end of the last successful poll; None before the first.
    pub now: Option<Now>,
    /// The TideTable's entry for the key: the position of its last known change.
    changed: Position,
    /// The TideTable's floor: nothing that was read before is valid.
    floor: Position,
    ring: Ring,
    /// The poll under way.
    pub poll: Poll,
    /// What memory holds under the key, or has evicted.
    pub memory: Option<Memo>,
    /// The flight that can be joined.
    pub flight: Option<Flight>,
    /// The requests being answered.
    pub readers: Vec<Reader>,
    /// How many requests are still to arrive.
    pub expected: u8,
}

/// What was known at the end of a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Now {
    /// The position that was published.
    pub position: Position,
    /// What was visible.
    pub mark: Snapshot,
    /// In which history.
    pub generation: u8,
}

/// A cached value and the position from before its source was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memo {
    /// The value.
    pub value: Content,
    /// What it is valid from.
    pub as_of: Position,
}

/// A read under way that can be joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flight {
    /// The index of the reader who leads it.
    pub leader: usize,
    /// The position at boarding.
    pub as_of: Position,
}

/// Where a poll is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Poll {
    /// None is under way.
    #[default]
    Idle,
    /// It has begun; the statement has not reached the database.
    Begun,
    /// The statement was executed.
    Executed {
        /// What it saw.
        seen: Seen,
        /// The first position that stands for what it saw.
        first: Position,
        /// How many of the stages are done.
        done: usize,
    },
}

/// What a process does with what a poll saw, each at its own moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The changes are noted in the TideTable.
    Note,
    /// The ring gets the marks.
    Ring,
    /// The position is published, and the gate lets go who waited for it.
    Publish,
}

/// The marks at which positions began.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Ring {
    generation: u8,
    entries: Vec<(Position, Snapshot)>,
}

impl Server {
    /// A process to which requests will come, not started yet.
    pub fn new(requests: u8) -> Self {
        Self { expected: requests, ..Self::default() }
    }

    /// Whether nothing is known to have changed after `as_of`.
    pub fn valid(&self, as_of: Position) -> bool {
        as_of >= self.floor && self.changed <= as_of
    }

    /// The newest position of which everything is visible at `mark`.
    pub fn place(&self, generation: u8, mark: Snapshot, protections: &Protections) -> Option<Position> {
        if generation != self.ring.generation && protections.keys_carry_the_generation {
            return None;
        }
        let count = self.ring.entries.partition_point(|(_, begun)| mark.includes(*begun));
        count.checked_sub(1).map(|newest| self.ring.entries[newest].0)
    }

    /// A poll begins, for everybody who has arrived.
    pub fn begin_poll(&mut self) {
        self.poll = Poll::Begun;
        for reader in &mut self.readers {
            reader.cover();
        }
    }

    /// The statement of the poll was executed.
    pub fn executed(&mut self, seen: Seen) {
        let first = self.now.map_or(0, |now| now.position) + 1;
        self.poll = Poll::Executed { seen, first, done: 0 };
    }

    /// The poll's answer never comes. The next one goes on from the last success; whoever waited gets an error.
    pub fn fail_poll(&mut self) {
        self.poll = Poll::Idle;
        while let Some(index) = self.readers.iter().position(Reader::is_covered) {
            self.leave(index);
        }
    }

    /// Takes in the next part of what the poll saw; parts that change nothing go with the one before.
    pub fn advance_poll(&mut self, bounds: &Bounds, protections: &Protections) {
        let Poll::Executed { seen, first, mut done } = self.poll else { return };
        let stages = stages(protections);
        let idle = |stage: &Stage| match (stage, seen) {
            (Stage::Note, Seen::Continued { changes, .. }) => changes.and(bounds.writers).is_empty(),
            (Stage::Ring, Seen::Continued { changes, .. }) => changes.is_empty(),
            _ => false,
        };
        while stages.get(done).is_some_and(idle) {
            done += 1;
        }
        if let Some(stage) = stages.get(done) {
            self.take_in(*stage, seen, first, bounds, protections);
            done += 1;
        }
        while stages.get(done).is_some_and(idle) {
            done += 1;
        }
        self.poll = if done == stages.len() { Poll::Idle } else { Poll::Executed { seen, first, done } };
    }

    fn take_in(&mut self, stage: Stage, seen: Seen, first: Position, bounds: &Bounds, protections: &Protections) {
        match (stage, seen) {
            (Stage::Note, Seen::Continued { .. }) => self.changed = first,
            (Stage::Note, Seen::Restarted { mark, floor, changes, .. }) => {
                if protections.restart_forgets {
                    self.floor = first;
                }
                for (position, (_, changed)) in (first..).zip(steps(floor, mark, changes)) {
                    if !changed.and(bounds.writers).is_empty() {
                        self.changed = position;
                    }
                }
            }
            (Stage::Ring, Seen::Continued { mark, .. }) => self.ring.entries.push((first, mark)),
            (Stage::Ring, Seen::Restarted { generation, mark, floor, changes }) => {
                let marks = steps(floor, mark, changes).into_iter().map(|(mark, _)| mark);
                self.ring = Ring { generation, entries: (first..).zip(marks).collect() };
            }
            (Stage::Publish, Seen::Continued { mark, changes }) => {
                if let Some(now) = &mut self.now {
                    now.mark = mark;
                    if !changes.is_empty() {
                        now.position = first;
                    }
                    let position = now.position;
                    self.let_go(position);
                }
            }
            (Stage::Publish, Seen::Restarted { generation, mark, floor, changes }) => {
                let position = first + steps(floor, mark, changes).len() as Position - 1;
                self.now = Some(Now { position, mark, generation });
                self.let_go(position);
            }
        }
    }

    fn let_go(&mut self, position: Position) {
        for reader in &mut self.readers {
            reader.pass(position);
        }
    }

    /// A reader has been answered, or has gone.
    pub fn leave(&mut self, index: usize) {
        self.readers.remove(index);
        if self.flight.is_some_and(|flight| flight.leader == index) {
            self.flight = None;
        }
        if let Some(flight) = self.flight.as_mut().filter(|flight| flight.leader > index) {
            flight.leader -= 1;
        }
        for reader in &mut self.readers {
            reader.renumber(index);
        }
    }

    /// Drops what can have no effect any more, so that equal futures are equal states.
    pub fn simplify(&mut self, protections: &Protections) {
        if self.expected == 0 && self.readers.is_empty() {
            *self = Self::default();
        } else if protections.memory_is_validated && self.memory.is_some_and(|memo| !self.valid(memo.as_of)) {
            // Positions only grow: what is not valid never will be.
            self.memory = None;
        }
    }
}

fn stages(protections: &Protections) -> [Stage; 3] {
    if !protections.noted_before_published {
        [Stage::Publish, Stage::Note, Stage::Ring]
    } else if !protections.noted_before_ring {
        [Stage::Ring, Stage::Note, Stage::Publish]
    } else {
        [Stage::Note, Stage::Ring, Stage::Publish]
    }
}

/// The retained log in the steps of `tidewater_changelog::Poll::Restarted`, each transaction in one of its own.
fn steps(floor: Snapshot, now: Snapshot, changes: Xids) -> Vec<(Snapshot, Xids)> {
    let mut steps = vec![(floor, Xids::default())];
    let mut step = Xids::default();
    for xid in changes.iter() {
        if !step.is_empty() && (floor.xmax..=now.xmax).contains(&xid) {
            steps.push((now.cut(xid), std::mem::take(&mut step)));
        }
        step = step.with(xid);
    }
    steps.push((now, step));
    steps
}
