//! The log of operations that were slow, with all that is known of why.
//!
//! It is written behind the answer, and no more often than a few times a second, however many operations are slow.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tidewater_cache::{Misses, Provenance};
use tokio::runtime::Handle;
use tokio::time::{sleep, timeout};

use crate::WriterName;
use crate::document::OperationLabel;
use crate::explain::{Bypass, Report};
use crate::response::Outcome;
use crate::store::Reader;

/// How many are told of in a second. The others are counted.
const A_SECOND: u32 = 5;

/// How many reads of an operation are told of.
const READS: usize = 50;

/// How many characters of an operation's name are told, which clients choose: as many as of one that metrics tell apart.
const LONGEST_NAME: usize = 64;

/// How long it may take to find out which changes made reads misses: that may ask the database, which may be what is slow.
const PATIENCE: Duration = Duration::from_secs(5);

/// Tells of operations that take as long as this or longer. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct SlowLog(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    from: Duration,
    writer: WriterName,
    told: Mutex<Told>,
}

/// What was told of in the second that runs.
#[derive(Debug)]
struct Told {
    since: Instant,
    count: u32,
    omitted: u64,
}

/// An operation that is being executed. If it is slow, that is told when this is dropped: a time limit, or a client that goes away, takes
/// everything along.
pub(crate) struct Timed {
    log: SlowLog,
    label: Option<Arc<OperationLabel>>,
    reader: Reader,
    bypassed: Option<Bypass>,
    outcome: &'static str,
}

impl SlowLog {
    pub(crate) fn new(from: Duration, writer: WriterName) -> Self {
        let told = Told { since: Instant::now(), count: 0, omitted: 0 };
        Self(Arc::new(Inner { from, writer, told: Mutex::new(told) }))
    }

    /// An operation that `reader` reads for begins to be executed. From now on it is written down what is read for it.
    pub(crate) fn time(&self, label: Option<Arc<OperationLabel>>, reader: Reader, bypassed: Option<Bypass>) -> Timed {
        reader.request().explain();
        Timed { log: self.clone(), label, reader, bypassed, outcome: "given up" }
    }

    /// An operation was answered by a response that was kept. All that it can have waited for is the gate.
    pub(crate) fn remembered(
        &self,
        label: Option<&OperationLabel>,
        request: &tidewater_cache::Request,
        provenance: &Provenance,
    ) {
        if provenance.gate_time < self.0.from || !self.admit() {
            return;
        }
        write(label, "remembered", request.elapsed(), provenance, &request.misses(), None);
    }

    /// Whether one more may be told of now. What may not is told of as a number, when the second is over.
    fn admit(&self) -> bool {
        const SECOND: Duration = Duration::from_secs(1);
        let mut told = self.0.told.lock();
        if told.since.elapsed() >= SECOND {
            (told.since, told.count) = (Instant::now(), 0);
        }
        if told.count < A_SECOND {
            told.count += 1;
            return true;
        }
        told.omitted += 1;
        if told.omitted == 1
            && let Ok(runtime) = Handle::try_current()
        {
            let log = self.clone();
            runtime.spawn(async move {
                sleep(SECOND).await;
                let omitted = std::mem::take(&mut log.0.told.lock().omitted);
                tracing::warn!(omitted, "more operations were slow than are told of");
            });
        }
        false
    }
}

impl Timed {
    /// It was answered.
    pub(crate) fn answered(&mut self, outcome: &Outcome) {
        self.outcome = outcome.name();
    }
}

impl Drop for Timed {
    fn drop(&mut self) {
        let request = self.reader.request();
        let time = request.elapsed();
        if time < self.log.0.from || !self.log.admit() {
            return;
        }
        let (provenance, misses) = (request.provenance(), request.misses());
        let (label, outcome, bypassed) = (self.label.clone(), self.outcome, self.bypassed);
        let (reader, writer) = (self.reader.clone(), self.log.0.writer.clone());
        // Belongs to the request as far as the log is concerned, and takes no part in its time.
        let span = tracing::error_span!("slow");
        let tell = async move {
            let report = Report::new(reader.request(), &reader, None, bypassed, &writer, READS);
            let report = timeout(PATIENCE, report).await.ok().flatten();
            let explain = report.and_then(|report| serde_json::to_string(&report).ok());
            span.in_scope(|| write(label.as_deref(), outcome, time, &provenance, &misses, explain.as_deref()));
        };
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(tell);
        }
    }
}

fn write(
    label: Option<&OperationLabel>,
    outcome: &str,
    time: Duration,
    provenance: &Provenance,
    misses: &Misses,
    explain: Option<&str>,
) {
    let &Provenance {
        memory, redis, joined, loaded, bypassed, gate_time, memory_time, redis_time, database_time, ..
    } = provenance;
    tracing::warn!(
        operation = label.and_then(|label| label.name.as_deref()).map(shortened),
        kind = label.map(|label| label.kind),
        document = label.map(|label| &*label.document),
        outcome,
        duration_ms = milliseconds(time),
        gate_ms = milliseconds(gate_time),
        memory_ms = milliseconds(memory_time),
        redis_ms = milliseconds(redis_time),
        database_ms = milliseconds(database_time),
        memory,
        redis,
        joined,
        database = loaded + bypassed,
        %misses,
        explain,
        "slow operation"
    );
}

/// A name without what is too long of it. Names are of ASCII (GraphQL, section 2.1.9), so a byte is a character.
fn shortened(name: &str) -> &str {
    name.get(..LONGEST_NAME).unwrap_or(name)
}

/// With three digits after the point.
fn milliseconds(time: Duration) -> f64 {
    time.as_micros() as f64 / 1e3
}
