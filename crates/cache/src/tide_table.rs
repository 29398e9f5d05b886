//! Dependency -> position of its last known change, in memory that never grows.
//!
//! One writer, any number of readers, no lock. A bucket is one cache line: seven entries, and the highest position that was ever
//! evicted from it, which is what a key that is not there is taken to have changed at. The writer raises `evicted` before it
//! overwrites an entry, and a reader looks at `evicted` after the entries; so a reader that misses an entry because it was
//! overwritten sees at least that entry's position. Forgetting costs misses, never a wrong answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Footprint, Position};

const WAYS: usize = 7;
const POSITION_BITS: u32 = 40;
const POSITION_MASK: u64 = (1 << POSITION_BITS) - 1;
const SMALLEST_BYTES: usize = 4 << 10;

/// The readers' side.
#[derive(Debug)]
pub(crate) struct TideTable {
    buckets: Box<[Bucket]>,
    floor: AtomicU64,
}

/// The one writer's side.
#[derive(Debug)]
pub(crate) struct TideTableWriter(Arc<TideTable>);

#[derive(Debug, Default)]
#[repr(align(64))]
struct Bucket {
    entries: [AtomicU64; WAYS],
    evicted: AtomicU64,
}

impl TideTable {
    /// A table of at most `bytes`, rounded down to a power of two.
    pub(crate) fn new(bytes: usize) -> (Arc<Self>, TideTableWriter) {
        let bytes = bytes.max(SMALLEST_BYTES);
        let count = 1_usize << (bytes / size_of::<Bucket>()).ilog2();
        let buckets = (0..count).map(|_| Bucket::default()).collect();
        let table = Arc::new(Self { buckets, floor: AtomicU64::new(0) });
        let writer = TideTableWriter(Arc::clone(&table));
        (table, writer)
    }

    /// Whether nothing in `footprint` is known to have changed after `as_of`.
    pub(crate) fn valid(&self, footprint: &Footprint, as_of: Position) -> bool {
        as_of != Position::LAST
            && as_of >= self.floor()
            && footprint.hashes().iter().all(|hash| self.last_change(*hash) <= as_of)
    }

    /// Nothing that was read before is valid.
    pub(crate) fn floor(&self) -> Position {
        Position::new(self.floor.load(Ordering::Acquire))
    }

    /// The position of the last change of `hash`, or a later one.
    pub(crate) fn last_change(&self, hash: u64) -> Position {
        let bucket = self.bucket(hash);
        for entry in &bucket.entries {
            let entry = entry.load(Ordering::Acquire);
            if entry != 0 && tag(entry) == tag(hash) {
                return position(entry);
            }
        }
        position(bucket.evicted.load(Ordering::Acquire))
    }

    fn bucket(&self, hash: u64) -> &Bucket {
        // The count is a power of two far below 2^40, so that the index and the tag share no bit.
        &self.buckets[hash as usize & (self.buckets.len() - 1)]
    }
}

impl TideTableWriter {
    /// Notes that `hash` changed at `at`, which is no earlier than any position noted before.
    pub(crate) fn raise(&mut self, hash: u64, at: Position) {
        let bucket = self.0.bucket(hash);
        let raised = (hash & !POSITION_MASK) | at.get();
        let mut oldest = (u64::MAX, &bucket.entries[0]);
        for slot in &bucket.entries {
            let entry = slot.load(Ordering::Relaxed);
            if entry != 0 && tag(entry) == tag(hash) {
                slot.store(raised, Ordering::Release);
                return;
            }
            // An empty slot holds 0 and so is older than any other.
            let age = entry & POSITION_MASK;
            if age < oldest.0 {
                oldest = (age, slot);
            }
        }
        let (age, slot) = oldest;
        if age > bucket.evicted.load(Ordering::Relaxed) {
            bucket.evicted.store(age, Ordering::Release);
        }
        slot.store(raised, Ordering::Release);
    }

    /// From now on nothing that was read before `floor` is valid.
    pub(crate) fn forget_before(&mut self, floor: Position) {
        self.0.floor.fetch_max(floor.get(), Ordering::Release);
    }
}

fn tag(entry: u64) -> u64 {
    entry >> POSITION_BITS
}

fn position(entry: u64) -> Position {
    Position::new(entry & POSITION_MASK)
}
