//! What a hit costs: by how many changes are known, by how much it rests on, and by how many wait for one poll.
#![allow(clippy::unwrap_used, reason = "a measurement ends with what it cannot do")]

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher};
use futures::FutureExt;
use futures::future::join_all;
use tidewater_cache::{
    Acceptance, Cache, Dependency, Derived, Footprint, Found, Lookup, Policy, Request, Settings, Sharing, Space,
};
use tidewater_changelog::{
    Change, ChangeSource, Column, Columns, Generation, Kind, Mark, Operation, Origin, Poll, PollError, RowChange,
    Tracking, Value,
};
use tokio::runtime::{Builder, Runtime};

const TRACKING: [Tracking; 1] = [Tracking::new("note", &[Column::new("id", Kind::Integer)], &[])];
const HOUR: Duration = Duration::from_secs(3_600);
const RELAXED: Acceptance = Acceptance::AtMost(HOUR);
const KEY: &[u8] = b"a response";
/// As many changes as one poll brings.
const STEP: u64 = 10_000;

/// Counts allocations, too.
#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// A change log in which `left` rows, each another, are still to change.
struct Changes {
    left: u64,
    sequence: u64,
    is_started: bool,
}

impl ChangeSource for Changes {
    async fn poll(&mut self) -> Result<Poll, PollError> {
        if !self.is_started {
            self.is_started = true;
            let history = vec![(Mark::Sequence(0), Vec::new())];
            return Ok(Poll::Restarted { generation: Generation::new("one"), history });
        }
        let end = self.sequence + self.left.min(STEP);
        let changes: Vec<_> = (self.sequence..end).map(change).collect();
        self.left -= end - self.sequence;
        self.sequence = end;
        Ok(Poll::Continued { mark: Mark::Sequence(end), origins: vec![Origin::default(); changes.len()], changes })
    }
}

/// What `Changes` changes is far from what is read.
fn change(number: u64) -> Change {
    let key = || vec![Value::Integer(1_000_000_000 + number as i64)];
    let changed = Columns::Named(vec![Arc::from("text")]);
    Change::Row(RowChange { table: Arc::from("note"), operation: Operation::Update, old: key(), new: key(), changed })
}

/// A cache that knows of some changes.
struct Node {
    runtime: Runtime,
    cache: Cache,
    notes: Space<String>,
    responses: Derived<String>,
}

impl Node {
    fn new(known: u64) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let source = Changes { left: known, sequence: 0, is_started: false };
        let cache = runtime.block_on(Cache::start(source, Settings::new(&TRACKING))).unwrap();
        let notes = cache.space("note", 1, Policy::item());
        let responses = cache.derived("response", 1 << 20, HOUR);
        let node = Self { runtime, cache, notes, responses };
        for _ in 0..known.div_ceil(STEP) {
            // Each polls once.
            node.runtime.block_on(node.read(&node.request(Acceptance::AtMost(Duration::ZERO)), 1));
        }
        node
    }

    fn request(&self, acceptance: Acceptance) -> Request {
        let request = self.cache.request();
        request.accept(acceptance);
        request
    }

    async fn read(&self, request: &Request, count: usize) -> usize {
        let lookups = (0..count as i64).map(|id| Lookup {
            key: Box::new(id.to_be_bytes()),
            dependencies: Footprint::from(Dependency::row("note", &[Value::Integer(id)])),
        });
        let load = async |indices: Vec<usize>| {
            let notes = indices.into_iter().map(|index| Found::new(format!("note {index}")));
            Ok::<_, std::convert::Infallible>(notes.collect())
        };
        self.notes.read(request, lookups.collect(), load).await.unwrap().len()
    }

    /// Puts a response into memory that rests on as many rows.
    fn remember(&self, dependencies: usize) {
        self.runtime.block_on(async {
            let request = self.request(RELAXED);
            let compute = async || {
                let read = self.read(&request, dependencies).await;
                (format!("{read} notes"), Sharing::Kept { bytes: 16 })
            };
            self.responses.read(&request, KEY, compute).await;
        });
    }

    fn hit(&self) -> Arc<String> {
        self.responses.get(&self.cache.request(), KEY, RELAXED).now_or_never().unwrap().unwrap()
    }
}

/// One value from memory.
#[divan::bench(args = [1_000, 10_000, 100_000, 1_000_000, 10_000_000])]
fn item_by_known_changes(bencher: Bencher<'_, '_>, known: u64) {
    let node = Node::new(known);
    node.runtime.block_on(node.read(&node.request(RELAXED), 1));
    bencher.bench_local(|| node.read(&node.request(RELAXED), 1).now_or_never().unwrap());
}

/// One derived value from memory, such as a response.
#[divan::bench(args = [1_000, 10_000, 100_000, 1_000_000, 10_000_000])]
fn response_by_known_changes(bencher: Bencher<'_, '_>, known: u64) {
    let node = Node::new(known);
    node.remember(4);
    bencher.bench_local(|| node.hit());
}

/// One derived value from memory.
#[divan::bench(args = [1, 2, 4, 8, 16, 32, 64])]
fn response_by_dependencies(bencher: Bencher<'_, '_>, dependencies: usize) {
    let node = Node::new(1_000_000);
    node.remember(dependencies);
    bencher.bench_local(|| node.hit());
}

/// Strict requests that arrive together: the gate's own cost, with a database that answers at once.
#[divan::bench(args = [1, 16, 128, 1_024])]
fn strict_by_requests_at_once(bencher: Bencher<'_, '_>, requests: usize) {
    let node = Node::new(STEP);
    node.remember(4);
    let requests = NonZeroUsize::new(requests).unwrap();
    bencher.counter(ItemsCount::new(requests.get())).bench_local(|| {
        node.runtime.block_on(join_all((0..requests.get()).map(async |_| {
            let request = node.cache.request();
            node.responses.get(&request, KEY, Acceptance::AtMost(Duration::ZERO)).await.unwrap()
        })))
    });
}
