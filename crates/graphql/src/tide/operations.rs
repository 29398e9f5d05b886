use std::cmp::Reverse;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tidewater_cache::{MissReason, Misses, Provenance};

use crate::document::{Document, without_texts};

/// What has served one operation of one document. Kept with the document, and forgotten with it.
#[derive(Debug, Default)]
pub(crate) struct OperationCounters {
    count: AtomicU64,
    remembered: AtomicU64,
    failed: AtomicU64,
    cached: AtomicU64,
    database: AtomicU64,
    gate_time: AtomicU64,
    redis_time: AtomicU64,
    database_time: AtomicU64,
    misses: [AtomicU64; MissReason::ALL.len()],
}

/// The operations of the documents that are known, which are bounded.
#[derive(Clone, Debug)]
pub(crate) struct Operations(moka::sync::Cache<Arc<str>, Arc<Document>>);

/// What has served an operation so far.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) name: Option<String>,
    /// SHA-256 of the document's text, in hexadecimal digits.
    pub(crate) document: String,
    pub(crate) count: u64,
    pub(crate) remembered: u64,
    pub(crate) failed: u64,
    pub(crate) cached: u64,
    pub(crate) database: u64,
    pub(crate) gate_time: Duration,
    pub(crate) redis_time: Duration,
    pub(crate) database_time: Duration,
    pub(crate) misses: Misses,
}

impl OperationCounters {
    /// It was answered by a whole response that was kept.
    pub(crate) fn remembered(&self, provenance: &Provenance) {
        add(&self.count, 1);
        add(&self.remembered, 1);
        if !provenance.gate_time.is_zero() {
            add(&self.gate_time, nanoseconds(provenance.gate_time));
        }
    }

    /// It was executed, or joined another execution.
    pub(crate) fn executed(&self, provenance: &Provenance, misses: &Misses, has_failed: bool) {
        let &Provenance { memory, redis, joined, loaded, bypassed, gate_time, redis_time, database_time, .. } =
            provenance;
        add(&self.count, 1);
        add(&self.failed, u64::from(has_failed));
        add(&self.cached, memory + redis + joined);
        add(&self.database, loaded + bypassed);
        add(&self.gate_time, nanoseconds(gate_time));
        add(&self.redis_time, nanoseconds(redis_time));
        add(&self.database_time, nanoseconds(database_time));
        for (reason, count) in misses.iter().filter(|(_, count)| *count > 0) {
            add(&self.misses[reason as usize], count);
        }
    }

    fn read(&self, name: Option<&str>, text: &str) -> Operation {
        let get = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let time = |number: &AtomicU64| Duration::from_nanos(get(number));
        Operation {
            name: name.map(str::to_owned),
            document: hexadecimal(&Sha256::digest(text)),
            count: get(&self.count),
            remembered: get(&self.remembered),
            failed: get(&self.failed),
            cached: get(&self.cached),
            database: get(&self.database),
            gate_time: time(&self.gate_time),
            redis_time: time(&self.redis_time),
            database_time: time(&self.database_time),
            misses: MissReason::ALL.into_iter().map(|reason| (reason, get(&self.misses[reason as usize]))).collect(),
        }
    }
}

impl Operations {
    pub(crate) fn new(known: moka::sync::Cache<Arc<str>, Arc<Document>>) -> Self {
        Self(known)
    }

    /// Those that were executed most often, the busiest first.
    pub(crate) fn busiest(&self, most: usize) -> Vec<Operation> {
        let mut busy = Vec::new();
        for (text, document) in &self.0 {
            for (name, counters) in document.counted() {
                let count = counters.count.load(Ordering::Relaxed);
                if count > 0 {
                    busy.push((count, Arc::clone(&text), name.map(str::to_owned), Arc::clone(counters)));
                }
            }
        }
        busy.sort_unstable_by_key(|busy| Reverse(busy.0));
        busy.truncate(most);
        busy.into_iter().map(|(_, text, name, counters)| counters.read(name.as_deref(), &text)).collect()
    }

    /// The text of a document, by its SHA-256 in hexadecimal digits, without what may be private of it.
    pub(crate) fn text(&self, document: &str) -> Option<String> {
        let known = self.0.iter().find(|(text, _)| hexadecimal(&Sha256::digest(text.as_bytes())) == document);
        known.map(|(text, _)| without_texts(&text))
    }
}

fn add(number: &AtomicU64, count: u64) {
    number.fetch_add(count, Ordering::Relaxed);
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
