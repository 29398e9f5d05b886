use std::any::Any;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::Equivalent;
use moka::Expiry;
use moka::sync::Cache;

use crate::Footprint;
use crate::memo::Memo;

/// What an entry takes beyond its key, its value's size and serialised form and its spilled footprint: the memo, the cache's own
/// books, and the allocator's headers. Measured as resident memory under a scan of a million entries.
const OVERHEAD: usize = 528;

/// The first tier: the memos of all spaces in this process, bounded by bytes.
#[derive(Clone)]
pub(crate) struct Memory(Cache<Key, Arc<Erased>>);

type Erased = Memo<dyn Any + Send + Sync>;

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
            .weigher(|key: &Key, memo: &Arc<Erased>| {
                let key = u32::try_from(key.bytes.len()).unwrap_or(u32::MAX);
                memo.weight.saturating_add(key)
            })
            .expire_after(Lifetime)
            .build();
        Self(cache)
    }

    /// The memo under a key, whether or not it is valid.
    pub(crate) fn get(&self, space: SpaceId, key: &[u8]) -> Option<Arc<Erased>> {
        self.0.get(&BorrowedKey { space, bytes: key })
    }

    pub(crate) fn insert<V: Send + Sync + 'static>(&self, space: SpaceId, key: &Arc<[u8]>, memo: Memo<V>) {
        let Memo { value, footprint, as_of, read_at, lifetime, weight } = memo;
        let key = Key { space, bytes: Arc::clone(key) };
        self.0.insert(key, Arc::new(Memo { value, footprint, as_of, read_at, lifetime, weight }));
    }

    pub(crate) fn remove(&self, space: SpaceId, key: &[u8]) {
        self.0.invalidate(&BorrowedKey { space, bytes: key });
    }

    pub(crate) fn clear(&self) {
        self.0.invalidate_all();
    }

    /// The bytes that are held, by weight, once what was inserted lately is accounted for.
    pub(crate) fn bytes(&self) -> u64 {
        self.0.run_pending_tasks();
        self.0.weighted_size()
    }
}

/// About how many bytes a memo takes in memory; the serialised size stands for what the value owns on the heap.
pub(crate) fn weight<V>(serialised: usize, footprint: &Footprint) -> u32 {
    let bytes = OVERHEAD + size_of::<V>() + serialised + footprint.heap_bytes();
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

impl Expiry<Key, Arc<Erased>> for Lifetime {
    fn expire_after_create(&self, _: &Key, memo: &Arc<Erased>, _: Instant) -> Option<Duration> {
        Some(memo.lifetime)
    }

    fn expire_after_update(&self, _: &Key, memo: &Arc<Erased>, _: Instant, _: Option<Duration>) -> Option<Duration> {
        Some(memo.lifetime)
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
        formatter.debug_struct("Memory").field("entries", &self.0.entry_count()).finish()
    }
}

impl Erased {
    /// The value, if it is a `V`.
    pub(crate) fn value<V: Send + Sync + 'static>(&self) -> Option<Arc<V>> {
        Arc::clone(&self.value).downcast().ok()
    }
}
