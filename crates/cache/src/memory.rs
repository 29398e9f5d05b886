use std::any::Any;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::Equivalent;
use moka::Expiry;
use moka::notification::RemovalCause;
use moka::sync::Cache;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::counters::Counters;
use crate::ledger::{Ledger, Times};
use crate::memo::Memo;
use crate::{Footprint, MissReason, Position};

/// What an entry takes beyond its key, its value's size and serialised form and its spilled footprint: the memo, the cache's own
/// books, and the allocator's headers. Measured as resident memory under a scan of a million entries.
const OVERHEAD: usize = 544;

/// The first tier: the memos of all spaces in this process, bounded by bytes.
#[derive(Clone)]
pub(crate) struct Memory {
    cache: Cache<Key, Arc<Held>>,
    ledger: Arc<Ledger>,
}

/// A memo of whatever type, with the bytes that it takes with its key, about.
pub(crate) struct Held {
    pub(crate) memo: Memo<dyn Any + Send + Sync>,
    weight: u32,
    /// Those of its space.
    counters: Arc<Counters>,
}

/// Tells the values of one space from another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SpaceId(pub(crate) usize);

#[derive(Debug, PartialEq, Eq)]
struct Key {
    space: SpaceId,
    bytes: Arc<[u8]>,
}

#[derive(Clone, Copy)]
struct BorrowedKey<'a> {
    space: SpaceId,
    bytes: &'a [u8],
}

struct Lifetime;

impl Memory {
    /// A memory of at most about `bytes`.
    pub(crate) fn new(bytes: u64) -> Self {
        let cache = Cache::builder()
            .max_capacity(bytes)
            .weigher(|_: &Key, held: &Arc<Held>| held.weight)
            .eviction_listener(|_, held: Arc<Held>, cause| held.left(cause))
            .expire_after(Lifetime)
            .build();
        Self { cache, ledger: Arc::new(Ledger::new(bytes)) }
    }

    /// The memo under a key, whether or not it is valid.
    pub(crate) fn get(&self, space: SpaceId, key: &[u8]) -> Option<Arc<Held>> {
        self.cache.get(&BorrowedKey { space, bytes: key })
    }

    /// Whether a memo is held under a key, valid or not. Unlike a look at the memo, this is no use of it.
    pub(crate) fn holds(&self, space: SpaceId, key: &[u8]) -> bool {
        self.cache.contains_key(&BorrowedKey { space, bytes: key })
    }

    /// The times of the memo that was stored last under a key, where they are remembered and it was not removed since.
    pub(crate) fn times(&self, space: SpaceId, key: &[u8]) -> Option<Times> {
        self.ledger.times(hash(space, key))
    }

    /// Why nothing is held under a key, where nothing that was read before `floor` is valid.
    pub(crate) fn why_not(&self, space: SpaceId, key: &[u8], floor: Position) -> MissReason {
        self.ledger.why(hash(space, key), floor)
    }

    /// Holds a memo that takes about `weight` bytes beside its key, unless all the memory does not suffice for it. The space's counters
    /// hear of it, and when it is not held any more.
    pub(crate) fn insert<V: Send + Sync + 'static>(
        &self,
        space: SpaceId,
        counters: &Arc<Counters>,
        key: &Arc<[u8]>,
        memo: &Memo<V>,
        weight: u32,
    ) {
        self.ledger.stored(hash(space, key), memo.times());
        let weight = weight.saturating_add(u32::try_from(key.len()).unwrap_or(u32::MAX));
        if u64::from(weight) > self.most_bytes() {
            counters.evictions.add(1);
            return;
        }
        let &Memo { ref value, ref footprint, as_of, read_at, sourced_at, expires_at } = memo;
        let (value, footprint) = (Arc::<V>::clone(value), footprint.clone());
        let key = Key { space, bytes: Arc::clone(key) };
        let memo: Memo<dyn Any + Send + Sync> = Memo { value, footprint, as_of, read_at, sourced_at, expires_at };
        let counters = Arc::clone(counters);
        counters.entered(weight);
        self.cache.insert(key, Arc::new(Held { memo, weight, counters }));
    }

    /// Does not hold a memo, for want of room or because it was no longer valid when it was to be stored.
    pub(crate) fn refuse<T: ?Sized>(&self, space: SpaceId, key: &[u8], memo: &Memo<T>, is_valid: bool) {
        let hash = hash(space, key);
        self.ledger.stored(hash, memo.times());
        if !is_valid {
            self.ledger.changed(hash);
        }
    }

    /// Forgets a memo that is no longer valid.
    pub(crate) fn remove(&self, space: SpaceId, key: &[u8]) {
        self.cache.invalidate(&BorrowedKey { space, bytes: key });
        self.ledger.changed(hash(space, key));
    }

    /// Forgets a memo that may be valid. Whether there was one.
    pub(crate) fn drop(&self, space: SpaceId, key: &[u8]) -> bool {
        let dropped = self.cache.remove(&BorrowedKey { space, bytes: key }).is_some();
        self.ledger.dropped(hash(space, key));
        dropped
    }

    pub(crate) fn clear(&self) {
        self.cache.invalidate_all();
    }

    /// Its bound in bytes.
    pub(crate) fn most_bytes(&self) -> u64 {
        self.cache.policy().max_capacity().unwrap_or(u64::MAX)
    }

    /// The bytes that are held, by weight, once what was inserted lately is accounted for.
    pub(crate) fn bytes(&self) -> u64 {
        self.cache.run_pending_tasks();
        self.cache.weighted_size()
    }
}

fn hash(space: SpaceId, key: &[u8]) -> u64 {
    xxh3_64_with_seed(key, space.0 as u64)
}

/// About how many bytes a memo takes in memory; the serialised size stands for what the value owns on the heap.
pub(crate) fn weight<V>(serialised: usize, footprint: &Footprint) -> u32 {
    let bytes = OVERHEAD + size_of::<V>() + serialised + footprint.heap_bytes();
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

impl Expiry<Key, Arc<Held>> for Lifetime {
    fn expire_after_create(&self, _: &Key, held: &Arc<Held>, now: Instant) -> Option<Duration> {
        Some(held.memo.expires_at.saturating_duration_since(now))
    }

    fn expire_after_update(&self, _: &Key, held: &Arc<Held>, now: Instant, _: Option<Duration>) -> Option<Duration> {
        Some(held.memo.expires_at.saturating_duration_since(now))
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        BorrowedKey { space: self.space, bytes: &self.bytes }.hash(state);
    }
}

impl Hash for BorrowedKey<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.space.hash(state);
        self.bytes.hash(state);
    }
}

impl Equivalent<Key> for BorrowedKey<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.space == key.space && *self.bytes == *key.bytes
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Memory").field("entries", &self.cache.entry_count()).finish()
    }
}

impl Held {
    /// It is not held any more.
    fn left(&self, cause: RemovalCause) {
        self.counters.left(self.weight);
        if cause == RemovalCause::Size {
            self.counters.evictions.add(1);
        }
    }

    /// The value, if it is a `V`.
    pub(crate) fn value<V: Send + Sync + 'static>(&self) -> Option<Arc<V>> {
        Arc::clone(&self.memo.value).downcast().ok()
    }

    /// The memo, whose value this is.
    pub(crate) fn memo<V>(&self, value: Arc<V>) -> Memo<V> {
        let Memo { ref footprint, as_of, read_at, sourced_at, expires_at, .. } = self.memo;
        Memo { value, footprint: footprint.clone(), as_of, read_at, sourced_at, expires_at }
    }
}
