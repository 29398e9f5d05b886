//! Why memory does not hold a key: what was put there lately and until when it could stay, in memory that never grows.
//!
//! Written where values are stored, read where they are missed, and not touched where they are served. A bucket holds what was stored
//! last; of what it had to forget, it keeps a filter, which tells what it has never seen from what it may have forgotten.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::provenance::nanoseconds;
use crate::{MissReason, Position};

const WAYS: usize = 8;
const FEWEST_BUCKETS: usize = 64;
/// How many bytes of values there are to one entry at least. Most values take more.
const BYTES_PER_ENTRY: u64 = 512;
const MOST_BUCKETS: u64 = 1 << 17;
/// Set in [`Entry::as_of`], which is far smaller, when the value was removed because something had changed.
const CHANGED: u64 = 1 << 63;
/// Set there when it was removed for another reason.
const DROPPED: u64 = 1 << 62;

/// What became of the values of one memory, by the hashes of their keys.
#[derive(Debug)]
pub(crate) struct Ledger {
    origin: Instant,
    buckets: Box<[Mutex<Bucket>]>,
}

#[derive(Debug, Default)]
struct Bucket {
    /// The one that was written last comes first.
    entries: [Entry; WAYS],
    /// A bit for each hash that was forgotten.
    forgotten: u128,
}

/// Empty if the hash is 0, which no hash is taken to be.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    hash: u64,
    as_of: u64,
    /// In nanoseconds since the origin, like the next.
    read_at: u64,
    expires_at: u64,
}

/// When a value was read, and until when it may be kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Times {
    /// The position in force before its source was read.
    pub(crate) as_of: Position,
    pub(crate) read_at: Instant,
    pub(crate) expires_at: Instant,
}

impl Ledger {
    /// For a memory of this many bytes.
    pub(crate) fn new(memory_bytes: u64) -> Self {
        let buckets = (memory_bytes / BYTES_PER_ENTRY / WAYS as u64).min(MOST_BUCKETS);
        let buckets = usize::try_from(buckets).unwrap_or(FEWEST_BUCKETS).max(FEWEST_BUCKETS);
        let buckets = (0..1_usize << buckets.ilog2()).map(|_| Mutex::default()).collect();
        Self { origin: Instant::now(), buckets }
    }

    /// A value was stored under the key with this hash, or would have been if there were room for it.
    pub(crate) fn stored(&self, hash: u64, Times { as_of, read_at, expires_at }: Times) {
        let since_origin = |moment: Instant| nanoseconds(moment.saturating_duration_since(self.origin));
        let (read_at, expires_at) = (since_origin(read_at), since_origin(expires_at));
        self.bucket(hash).lock().put(Entry { hash: hash.max(1), as_of: as_of.get(), read_at, expires_at });
    }

    /// The times of what was stored last under the key with this hash. None if it was removed since, or is not remembered.
    pub(crate) fn times(&self, hash: u64) -> Option<Times> {
        let hash = hash.max(1);
        let bucket = self.bucket(hash).lock();
        let entry = bucket.entries.iter().find(|entry| entry.hash == hash && entry.as_of & (CHANGED | DROPPED) == 0)?;
        let moment = |nanoseconds| self.origin + Duration::from_nanos(nanoseconds);
        let (read_at, expires_at) = (moment(entry.read_at), moment(entry.expires_at));
        Some(Times { as_of: Position::new(entry.as_of), read_at, expires_at })
    }

    /// The value under the key with this hash was removed because it was no longer valid.
    pub(crate) fn changed(&self, hash: u64) {
        self.mark(hash, CHANGED);
    }

    /// The value under the key with this hash was removed, though it could have stayed.
    pub(crate) fn dropped(&self, hash: u64) {
        self.mark(hash, DROPPED);
    }

    /// Why there is nothing under the key with this hash, where nothing that was read before `floor` is valid any more.
    pub(crate) fn why(&self, hash: u64, floor: Position) -> MissReason {
        let hash = hash.max(1);
        let bucket = self.bucket(hash).lock();
        match bucket.entries.iter().find(|entry| entry.hash == hash) {
            Some(entry) if entry.as_of & !(CHANGED | DROPPED) < floor.get() => MissReason::Restarted,
            Some(entry) if entry.as_of & CHANGED != 0 => MissReason::Changed,
            Some(entry) if entry.as_of & DROPPED != 0 => MissReason::Dropped,
            Some(entry) if entry.expires_at <= nanoseconds(self.origin.elapsed()) => MissReason::Expired,
            Some(_) => MissReason::Evicted,
            None if bucket.forgotten & bit(hash) != 0 => MissReason::Unknown,
            None => MissReason::NeverFilled,
        }
    }

    fn mark(&self, hash: u64, fate: u64) {
        let hash = hash.max(1);
        let mut bucket = self.bucket(hash).lock();
        if let Some(entry) = bucket.entries.iter_mut().find(|entry| entry.hash == hash) {
            entry.as_of |= fate;
        }
    }

    fn bucket(&self, hash: u64) -> &Mutex<Bucket> {
        // The count is a power of two.
        &self.buckets[hash.max(1) as usize & (self.buckets.len() - 1)]
    }
}

impl Bucket {
    fn put(&mut self, entry: Entry) {
        let known = self.entries.iter().position(|other| other.hash == entry.hash);
        let place = known.unwrap_or(WAYS - 1);
        let last = self.entries[place];
        if known.is_none() && last.hash != 0 {
            self.forgotten |= bit(last.hash);
        }
        self.entries.copy_within(..place, 1);
        self.entries[0] = entry;
    }
}

/// By bits of the hash that choose no bucket.
fn bit(hash: u64) -> u128 {
    1 << (hash >> 57)
}
