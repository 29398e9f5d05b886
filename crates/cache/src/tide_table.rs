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
    /// How many slots hold an entry.
    entries: AtomicU64,
    /// How many entries had to make room for others.
    overwritten: AtomicU64,
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
        let table = Arc::new(Self {
            buckets,
            floor: AtomicU64::new(0),
            entries: AtomicU64::new(0),
            overwritten: AtomicU64::new(0),
        });
        let writer = TideTableWriter(Arc::clone(&table));
        (table, writer)
    }

    /// Whether nothing in `footprint` is known to have changed after `as_of`.
    pub(crate) fn valid(&self, footprint: &Footprint, as_of: Position) -> bool {
        as_of != Position::LAST
            && as_of >= self.floor()
            && footprint.hashes().iter().all(|hash| self.last_change(*hash) <= as_of)
    }

    /// Whether what rests on `footprint`, and is not valid, would be if nothing had been forgotten: no change of it after `as_of` is on
    /// record.
    pub(crate) fn is_only_forgotten(&self, footprint: &Footprint, as_of: Position) -> bool {
        as_of != Position::LAST
            && as_of >= self.floor()
            && footprint.hashes().iter().all(|hash| self.on_record(*hash).is_none_or(|changed| changed <= as_of))
    }

    /// How many changes it knows, how many it can know, and how many it had to forget.
    pub(crate) fn occupancy(&self) -> (u64, u64, u64) {
        let capacity = self.buckets.len() * WAYS;
        (self.entries.load(Ordering::Relaxed), capacity as u64, self.overwritten.load(Ordering::Relaxed))
    }

    /// Nothing that was read before is valid.
    pub(crate) fn floor(&self) -> Position {
        Position::new(self.floor.load(Ordering::Acquire))
    }

    /// The position of the last change of `hash`, or a later one.
    pub(crate) fn last_change(&self, hash: u64) -> Position {
        self.on_record(hash).unwrap_or_else(|| position(self.bucket(hash).evicted.load(Ordering::Acquire)))
    }

    /// The position of the last change of `hash`, if it is known.
    fn on_record(&self, hash: u64) -> Option<Position> {
        let entries = self.bucket(hash).entries.iter().map(|entry| entry.load(Ordering::Acquire));
        entries.into_iter().find(|entry| *entry != 0 && tag(*entry) == tag(hash)).map(position)
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
        let grown = if age == 0 { &self.0.entries } else { &self.0.overwritten };
        grown.fetch_add(1, Ordering::Relaxed);
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
