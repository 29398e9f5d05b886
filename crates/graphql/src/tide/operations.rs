use std::cmp::Reverse;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tidewater_cache::{MissReason, Misses, Provenance};

use super::named::{NamedOperations, OperationTotals, Seat};
use crate::document::{Document, OperationLabel, without_texts};

/// What has served one operation of one document. Kept with the document, and forgotten with it.
#[derive(Debug)]
pub(crate) struct OperationCounters {
    label: Arc<OperationLabel>,
    /// Where all operations of this name count, whatever their document.
    named: Arc<NamedOperations>,
    seat: Seat,
    count: AtomicU64,
    remembered: AtomicU64,
    failed: AtomicU64,
    cached: AtomicU64,
    database: AtomicU64,
    total_time: AtomicU64,
    gate_time: AtomicU64,
    redis_time: AtomicU64,
    database_time: AtomicU64,
    misses: [AtomicU64; MissReason::ALL.len()],
}

/// The operations of the documents that are known, which are bounded.
#[derive(Clone, Debug)]
pub(crate) struct Operations {
    known: moka::sync::Cache<Arc<str>, Arc<Document>>,
    named: Arc<NamedOperations>,
}

/// What has served an operation so far.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) label: Arc<OperationLabel>,
    pub(crate) count: u64,
    pub(crate) remembered: u64,
    pub(crate) failed: u64,
    pub(crate) cached: u64,
    pub(crate) database: u64,
    pub(crate) total_time: Duration,
    pub(crate) gate_time: Duration,
    pub(crate) redis_time: Duration,
    pub(crate) database_time: Duration,
    pub(crate) misses: Misses,
}

impl OperationCounters {
    /// None yet, for this operation.
    pub(crate) fn new(label: Arc<OperationLabel>, named: Arc<NamedOperations>) -> Self {
        let zero = || AtomicU64::new(0);
        Self {
            label,
            named,
            seat: Seat::default(),
            count: zero(),
            remembered: zero(),
            failed: zero(),
            cached: zero(),
            database: zero(),
            total_time: zero(),
            gate_time: zero(),
            redis_time: zero(),
            database_time: zero(),
            misses: Default::default(),
        }
    }

    /// What the operation is.
    pub(crate) fn label(&self) -> &Arc<OperationLabel> {
        &self.label
    }

    /// It was answered by a whole response that was kept, and took so long.
    pub(crate) fn remembered(&self, provenance: &Provenance, time: Duration) {
        add(&self.count, 1);
        add(&self.remembered, 1);
        self.took(time, false);
        if !provenance.gate_time.is_zero() {
            add(&self.gate_time, nanoseconds(provenance.gate_time));
        }
    }

    /// It was executed, or joined another execution, and took so long.
    pub(crate) fn executed(&self, provenance: &Provenance, misses: &Misses, has_failed: bool, time: Duration) {
        let &Provenance { memory, redis, joined, loaded, bypassed, gate_time, redis_time, database_time, .. } =
            provenance;
        add(&self.count, 1);
        add(&self.failed, u64::from(has_failed));
        self.took(time, has_failed);
        add(&self.cached, memory + redis + joined);
        add(&self.database, loaded + bypassed);
        add(&self.gate_time, nanoseconds(gate_time));
        add(&self.redis_time, nanoseconds(redis_time));
        add(&self.database_time, nanoseconds(database_time));
        for (reason, count) in misses.iter().filter(|(_, count)| *count > 0) {
            add(&self.misses[reason as usize], count);
        }
    }

    fn took(&self, time: Duration, has_failed: bool) {
        add(&self.total_time, nanoseconds(time));
        self.named.count(&self.seat, self.label.name.as_deref(), time, has_failed);
    }

    fn read(&self) -> Operation {
        let get = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let time = |number: &AtomicU64| Duration::from_nanos(get(number));
        Operation {
            label: Arc::clone(&self.label),
            count: get(&self.count),
            remembered: get(&self.remembered),
            failed: get(&self.failed),
            cached: get(&self.cached),
            database: get(&self.database),
            total_time: time(&self.total_time),
            gate_time: time(&self.gate_time),
            redis_time: time(&self.redis_time),
            database_time: time(&self.database_time),
            misses: MissReason::ALL.into_iter().map(|reason| (reason, get(&self.misses[reason as usize]))).collect(),
        }
    }
}

impl Operations {
    pub(crate) fn new(known: moka::sync::Cache<Arc<str>, Arc<Document>>, named: Arc<NamedOperations>) -> Self {
        Self { known, named }
    }

    /// How long all have taken, by their names as far as these are told apart.
    pub(crate) fn totals(&self) -> Vec<OperationTotals> {
        self.named.totals()
    }

    /// Those that were executed most often, the busiest first.
    pub(crate) fn busiest(&self, most: usize) -> Vec<Operation> {
        let mut busy = Vec::new();
        for (_, document) in &self.known {
            for counters in document.counted() {
                let count = counters.count.load(Ordering::Relaxed);
                if count > 0 {
                    busy.push((count, Arc::clone(counters)));
                }
            }
        }
        busy.sort_unstable_by_key(|busy| Reverse(busy.0));
        busy.truncate(most);
        busy.into_iter().map(|(_, counters)| counters.read()).collect()
    }

    /// The text of a document without what may be private of it, by the SHA-256 of that in hexadecimal digits.
    pub(crate) fn text(&self, document: &str) -> Option<String> {
        // All operations of a document tell the same one.
        let is_it = |known: &Document| known.counted().first().is_some_and(|of| &*of.label().document == document);
        let known = self.known.iter().find(|(_, known)| is_it(known));
        known.map(|(text, _)| without_texts(&text))
    }
}

fn add(number: &AtomicU64, count: u64) {
    number.fetch_add(count, Ordering::Relaxed);
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_served_an_operation_is_counted_each_by_itself() {
        let label = OperationLabel { name: None, kind: "query", document: "".into() };
        let counters = OperationCounters::new(Arc::new(label), Arc::default());
        let time = Duration::from_micros;
        let provenance = Provenance {
            memory: 1,
            redis: 2,
            joined: 4,
            loaded: 8,
            bypassed: 16,
            gate_time: time(1),
            redis_time: time(2),
            database_time: time(3),
            ..Provenance::default()
        };
        counters.executed(&provenance, &Misses::default(), true, time(10));
        counters.executed(&provenance, &Misses::default(), false, time(10));
        counters.remembered(&provenance, time(5));
        let read = counters.read();
        assert_eq!((read.count, read.remembered, read.failed), (3, 1, 1));
        assert_eq!((read.cached, read.database), (14, 48));
        let times = [read.total_time, read.gate_time, read.redis_time, read.database_time];
        assert_eq!(times, [25, 3, 4, 6].map(time));
    }
}
