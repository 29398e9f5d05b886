//! How a request was answered, lookup by lookup, where that is to be explained.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tidewater_changelog::{Change, Origin, Value};

use crate::{Footprint, MissReason, Position};

/// How many lookups of one request are written down.
const MOST_STEPS: usize = 2_000;

/// What was written down of a request that is explained, see [`crate::Request::explain`].
#[derive(Clone, Debug, Default)]
pub struct Explanation {
    /// The value that was derived from the others, if one was looked for.
    pub derived: Option<Step>,
    /// The lookups, in the order in which they were answered.
    pub steps: Vec<Step>,
    /// The calls of loaders.
    pub loads: Vec<Load>,
    /// How many lookups there were beyond those that are written down: the first 2,000.
    pub omitted: usize,
}

/// How one lookup was answered.
#[derive(Clone, Debug)]
pub struct Step {
    /// The name of its space.
    pub space: Arc<str>,
    /// Its key there.
    pub key: Arc<[u8]>,
    /// What answered it. None while it is not answered.
    pub answered_by: Option<AnsweredBy>,
    /// Why nothing nearer did; None if memory did. Of one that joined another, only what memory told: Redis was asked by the other.
    pub missed: Option<Missed>,
    /// The position before the source of what was answered was read.
    pub as_of: Position,
    /// When it was read from its source: what Redis held, by the clocks of this machine and of the one that put it there.
    pub sourced_at: Instant,
    /// What it depends on.
    pub footprint: Footprint,
}

/// What answered a lookup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnsweredBy {
    /// This process's memory.
    Memory,
    /// Redis.
    Redis,
    /// A lookup of another request, or of this one, that was under way.
    Joined,
    /// The source, in the load with this index in [`Explanation::loads`]; or, for what is derived, a computation, which has none.
    Source(Option<usize>),
}

/// Why a lookup was not answered by memory, and not by Redis.
#[derive(Clone, Debug, PartialEq)]
pub struct Missed {
    /// The most telling reason, which it is counted by.
    pub reason: MissReason,
    /// Why memory did not answer.
    pub memory: MissReason,
    /// What Redis told.
    pub redis: RedisTold,
    /// What the memo rested on, and its `as_of`, if one was there that was no longer valid: what [`crate::Cache::cause`] takes.
    pub invalid: Option<(Footprint, Position)>,
}

/// What Redis told of a lookup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedisTold {
    /// It was not asked, or there is none.
    NotAsked,
    /// It holds nothing under the key.
    Nothing,
    /// What it holds is not served for this reason, or it did not answer.
    Missed(MissReason),
}

/// One call of a loader.
#[derive(Clone, Debug)]
pub struct Load {
    /// The name of the space that it loads for.
    pub space: Arc<str>,
    /// How many lookups it was for.
    pub lookups: usize,
    /// How many statements were sent for them, and for what others asked for at the same time.
    pub statements: usize,
    /// How long it took.
    pub time: Duration,
}

/// Why something is not valid any more.
#[derive(Clone, Debug)]
pub enum Cause {
    /// This change.
    Change(Box<Culprit>),
    /// A change that is not remembered any more.
    Older,
    /// None that concerns it: the table of known changes has forgotten when it last changed, and takes that for a change.
    Forgotten,
}

/// A change that made something invalid.
#[derive(Clone, Debug)]
pub struct Culprit {
    /// What changed of that on which it depends.
    pub part: Part,
    /// The change.
    pub change: Change,
    /// Where it comes from.
    pub origin: Origin,
    /// When the poll began that saw it, by this machine's clock. It was committed before the poll ended.
    pub seen_at: SystemTime,
    /// The position of that poll.
    pub position: Position,
    /// Whether no earlier change can have had the same effect.
    pub is_first: bool,
    pub(crate) hash: u64,
}

/// Something about some rows of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The name of the table.
    pub table: Arc<str>,
    /// Which rows.
    pub rows: Rows,
    /// What about them.
    pub about: About,
}

/// Some rows of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rows {
    /// All of them.
    All,
    /// The one with this primary key, in key order.
    Key(Vec<Value>),
    /// Those whose column has this value.
    Having(Arc<str>, Value),
}

/// What about some rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// Anything.
    Anything,
    /// Which rows they are.
    Membership,
    /// This column of those that stay.
    Column(Arc<str>),
    /// Columns of those that stay, with no telling which.
    SomeColumns,
}

impl Culprit {
    /// Whether what changed is in this footprint.
    pub fn is_in(&self, footprint: &Footprint) -> bool {
        footprint.holds(self.hash)
    }
}

impl Missed {
    /// Of a lookup that was not looked for.
    pub(crate) fn bypassed() -> Self {
        let reason = MissReason::Bypassed;
        Self { reason, memory: reason, redis: RedisTold::NotAsked, invalid: None }
    }
}

impl Explanation {
    /// Leaves out the lookups beyond so many.
    pub fn keep(&mut self, most: usize) {
        self.omitted += self.steps.len().saturating_sub(most);
        self.steps.truncate(most);
    }

    pub(crate) fn add(&mut self, step: Step) {
        if self.steps.len() < MOST_STEPS {
            self.steps.push(step);
        } else {
            self.omitted += 1;
        }
    }

    pub(crate) fn add_load(&mut self, load: Load) -> usize {
        self.loads.push(load);
        self.loads.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_lookups_are_written_down_and_the_others_are_counted() {
        let mut explanation = Explanation::default();
        for _ in 0..MOST_STEPS + 3 {
            explanation.add(Step {
                space: "note".into(),
                key: Arc::default(),
                answered_by: None,
                missed: None,
                as_of: Position::default(),
                sourced_at: Instant::now(),
                footprint: Footprint::default(),
            });
        }
        assert_eq!((explanation.steps.len(), explanation.omitted), (MOST_STEPS, 3));
        explanation.keep(10);
        assert_eq!((explanation.steps.len(), explanation.omitted), (10, MOST_STEPS - 7));
    }
}
