//! What is counted while the load runs.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use serde::Serialize;

use crate::violation::{Example, Kind};

/// What kind of fact was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Read {
    Item,
    Absent,
    List,
    FilteredList,
    Count,
    Nested,
}

impl Read {
    pub(crate) const ALL: [Self; 6] =
        [Self::Item, Self::Absent, Self::List, Self::FilteredList, Self::Count, Self::Nested];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Item => "item",
            Self::Absent => "absent",
            Self::List => "list",
            Self::FilteredList => "filtered_list",
            Self::Count => "count",
            Self::Nested => "nested",
        }
    }
}

/// How many facts of each kind one answer had.
pub(crate) type Reads = [u64; Read::ALL.len()];

/// How writes of one kind ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Written {
    /// In force.
    pub committed: u64,
    /// Never in force.
    pub rolled_back: u64,
    /// Nobody said.
    pub unknown: u64,
}

/// Requests that were not answered, as a server may do when it cannot answer right.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Refused {
    /// How many.
    pub count: u64,
    /// When the first of them ended, in seconds since the run began.
    pub first_seconds: f64,
    /// When the last of them ended, in seconds since the run began.
    pub last_seconds: f64,
}

/// What is counted while the load runs.
pub(crate) struct Tally {
    requests: AtomicU64,
    reads: [AtomicU64; Read::ALL.len()],
    marks: AtomicU64,
    writes: Mutex<BTreeMap<&'static str, Written>>,
    refused: Mutex<BTreeMap<String, Refused>>,
    unexpected: Mutex<BTreeMap<String, u64>>,
    violations: [AtomicU64; Kind::ALL.len()],
    examples: Mutex<Vec<Example>>,
    examples_of_a_kind: usize,
}

/// At most this many different unexpected errors are told apart.
const UNEXPECTED: usize = 50;

impl Tally {
    pub(crate) fn new(examples_of_a_kind: usize) -> Self {
        Self {
            requests: AtomicU64::new(0),
            reads: Default::default(),
            marks: AtomicU64::new(0),
            writes: Mutex::default(),
            refused: Mutex::default(),
            unexpected: Mutex::default(),
            violations: Default::default(),
            examples: Mutex::default(),
            examples_of_a_kind,
        }
    }

    pub(crate) fn request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn reads(&self, reads: &Reads) {
        for (total, count) in self.reads.iter().zip(reads) {
            if *count > 0 {
                total.fetch_add(*count, Ordering::Relaxed);
            }
        }
    }

    pub(crate) fn mark(&self) {
        self.marks.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn write(&self, kind: &'static str, count: impl FnOnce(&mut Written)) {
        count(self.writes.lock().entry(kind).or_default());
    }

    pub(crate) fn refuse(&self, kind: &str, now: f64) {
        let mut refused = self.refused.lock();
        match refused.get_mut(kind) {
            Some(refused) => {
                refused.count += 1;
                refused.last_seconds = refused.last_seconds.max(now);
            }
            None => {
                refused.insert(kind.to_owned(), Refused { count: 1, first_seconds: now, last_seconds: now });
            }
        }
    }

    pub(crate) fn unexpected(&self, what: &str) {
        let mut unexpected = self.unexpected.lock();
        let known = unexpected.len() < UNEXPECTED || unexpected.contains_key(what);
        let what = if known { what } else { "others" };
        *unexpected.entry(what.to_owned()).or_default() += 1;
    }

    /// Counts a violation; `example` is made while there are few of its kind.
    pub(crate) fn violation(&self, kind: Kind, example: impl FnOnce() -> Example) {
        let place = Kind::ALL.iter().position(|other| *other == kind).unwrap_or(0);
        let before = self.violations[place].fetch_add(1, Ordering::Relaxed);
        if before < self.examples_of_a_kind as u64 {
            self.examples.lock().push(example());
        }
    }

    pub(crate) fn total_reads(&self) -> u64 {
        self.reads.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    pub(crate) fn total_violations(&self) -> u64 {
        self.violations.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    pub(crate) fn total_writes(&self) -> u64 {
        self.writes.lock().values().map(|written| written.committed).sum()
    }

    pub(crate) fn total_requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    pub(crate) fn total_marks(&self) -> u64 {
        self.marks.load(Ordering::Relaxed)
    }

    pub(crate) fn reads_by_kind(&self) -> BTreeMap<&'static str, u64> {
        Read::ALL.iter().zip(&self.reads).map(|(kind, count)| (kind.name(), count.load(Ordering::Relaxed))).collect()
    }

    pub(crate) fn writes_by_kind(&self) -> BTreeMap<&'static str, Written> {
        self.writes.lock().clone()
    }

    pub(crate) fn refused_by_kind(&self) -> BTreeMap<String, Refused> {
        self.refused.lock().clone()
    }

    pub(crate) fn unexpected_by_text(&self) -> BTreeMap<String, u64> {
        self.unexpected.lock().clone()
    }

    pub(crate) fn violations_by_kind(&self) -> BTreeMap<&'static str, u64> {
        let counts = Kind::ALL.iter().zip(&self.violations);
        counts
            .map(|(kind, count)| (kind.name(), count.load(Ordering::Relaxed)))
            .filter(|(_, count)| *count > 0)
            .collect()
    }

    pub(crate) fn examples(&self) -> Vec<Example> {
        self.examples.lock().clone()
    }
}
