use std::sync::Arc;
use std::time::Duration;

use futures::future::join;
use parking_lot::Mutex;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tidewater_changelog::{Change, ChangeSource, Mark};
use tokio::task::AbortHandle;

use crate::counters::Counters;
use crate::explanation::{Cause, Culprit, Part};
use crate::feed::Feed;
use crate::gate::Gate;
use crate::lookout::Lookouts;
use crate::memory::{Memory, SpaceId};
use crate::poller::Poller;
use crate::redis::Redis;
use crate::redis_key::RedisKeys;
use crate::tide::{Tide, TideWriter};
use crate::tracked::Tracked;
use crate::unlink::Unlinks;
use crate::{
    Applied, Derived, Follower, Footprint, Forgotten, GateError, GateStatistics, Health, Lookout, MemoryStatistics,
    Policy, Position, RedisStatistics, Request, Settings, Space, SpaceStatistics, StartError, TideTableStatistics,
};

/// The cache of one process over one database. Cheap to clone; polling stops with the last clone of it and of its spaces.
#[derive(Clone, Debug)]
pub struct Cache(Arc<Core>);

/// What all spaces share.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) tide: Arc<Tide>,
    pub(crate) memory: Memory,
    pub(crate) redis: Option<Arc<Redis>>,
    pub(crate) unlinks: Arc<Unlinks>,
    pub(crate) verify_share: f64,
    pub(crate) load_timeout: Duration,
    gate: Arc<Gate>,
    feed: Arc<Feed>,
    lookouts: Arc<Lookouts>,
    tracked: Arc<Tracked>,
    gate_timeout: Duration,
    prefix: String,
    spaces: Mutex<Vec<Arc<Counters>>>,
    /// All memories, by their names.
    memories: Mutex<Vec<(Arc<str>, Memory)>>,
    poller: AbortHandle,
    looking: AbortHandle,
}

impl Cache {
    /// Starts to poll `source`; the first poll is done when this returns. Redis may be down: it is waited for by a second at
    /// most, and not at all if it refuses the connection.
    ///
    /// Must be called within a Tokio runtime, on which the poller and the writes to Redis then run.
    pub async fn start(source: impl ChangeSource, settings: Settings) -> Result<Self, StartError> {
        let redis = settings
            .redis
            .as_ref()
            .map(|redis| Redis::connect(redis, settings.redis_queue_length))
            .transpose()?
            .map(Arc::new);
        let tracked = Arc::new(Tracked::new(&settings.tracking));
        let (tide, writer) = TideWriter::new(settings.tide_table_bytes, Arc::clone(&tracked));
        let memory = Memory::new(settings.memory_bytes);
        let unlinks = Arc::new(Unlinks::new(redis.clone()));
        let gate = Arc::new(Gate::new());
        let feed = Arc::new(Feed::new(settings.follow_changes, settings.remembered_changes));
        let lookouts = Arc::new(Lookouts::new(Arc::clone(&tide)));
        let poller = Poller {
            source,
            timeout: settings.poll_timeout,
            interval: settings.poll_interval,
            follow_interval: settings.follow_interval,
            tide: writer,
            memory: memory.clone(),
            unlinks: Arc::clone(&unlinks),
            gate: Arc::clone(&gate),
            feed: Arc::clone(&feed),
            failing: false,
        };
        let poller = tokio::spawn(poller.run()).abort_handle();
        let looking = Arc::clone(&lookouts).serve(Arc::clone(&feed), Arc::clone(&gate), settings.gate_timeout);
        let looking = tokio::spawn(looking).abort_handle();
        // The first poll reads the retained log, which takes longer than a request should wait.
        let first = Request::new(Arc::clone(&gate), Arc::clone(&tide), settings.poll_timeout);
        let cache = Self(Arc::new(Core {
            tide,
            memories: Mutex::new(vec![("values".into(), memory.clone())]),
            memory,
            redis,
            unlinks,
            verify_share: settings.verify_share,
            load_timeout: settings.load_timeout,
            gate,
            feed,
            lookouts,
            tracked,
            gate_timeout: settings.gate_timeout,
            prefix: settings.redis.map(|redis| redis.prefix).unwrap_or_default(),
            spaces: Mutex::default(),
            poller,
            looking,
        }));
        let redis = async {
            if let Some(redis) = &cache.0.redis {
                redis.started().await;
            }
        };
        let (polled, ()) = join(first.settle(), redis).await;
        polled?;
        Ok(cache)
    }

    /// A request that arrives now.
    pub fn request(&self) -> Request {
        Request::new(Arc::clone(&self.0.gate), Arc::clone(&self.0.tide), self.0.gate_timeout)
    }

    /// Follows the database's changes from now on: those that are committed after this was called, but for the few that may be until
    /// the poll begins that this waits for.
    ///
    /// # Errors
    /// When that poll fails.
    pub async fn follow(&self) -> Result<Follower, GateError> {
        let Core { feed, gate, tide, gate_timeout, .. } = &*self.0;
        let mut follower = Follower::new(Arc::clone(feed), Arc::clone(gate), Arc::clone(tide), *gate_timeout);
        let request = self.request();
        request.settle().await?;
        follower.begin(request.settled());
        Ok(follower)
    }

    /// A place to look out for changes of what was read.
    pub fn look_out(&self) -> Lookout {
        self.0.lookouts.open()
    }

    /// Why what rests on `footprint` and was read as of `as_of` is not valid any more: the first change since, as far as changes are
    /// remembered. Waits for a poll, so that what is known of the last one is complete.
    ///
    /// # Errors
    /// When that poll fails.
    pub async fn cause(&self, footprint: &Footprint, as_of: Position) -> Result<Cause, GateError> {
        self.request().settle().await?;
        let (since, is_all) = self.0.feed.since(as_of);
        for applied in since {
            let changes = applied.changes().iter().zip(applied.origins());
            let found = changes.into_iter().find_map(|(change, origin)| {
                let (hash, part) = self.0.tracked.part(change, footprint)?;
                let (change, origin, seen_at) = (change.clone(), origin.clone(), applied.seen_at());
                let position = applied.position();
                Some(Culprit { part, change, origin, seen_at, position, is_first: is_all, hash })
            });
            if let Some(culprit) = found {
                return Ok(Cause::Change(Box::new(culprit)));
            }
        }
        Ok(if is_all { Cause::Forgotten } else { Cause::Older })
    }

    /// The changes that were seen last, in order, as many as are [remembered](Settings::remembered_changes).
    pub fn recent_changes(&self) -> Vec<Arc<Applied>> {
        self.0.feed.kept()
    }

    /// What `change` changed, as far as anything can depend on it.
    pub fn parts(&self, change: &Change) -> Vec<Part> {
        self.0.tracked.all_parts(change)
    }

    /// How many follow the database's changes.
    pub fn followers(&self) -> usize {
        self.0.feed.followers()
    }

    /// A space of values. Call it once for each kind of value and clone what it returns.
    ///
    /// `name` and `fingerprint` are part of the Redis key: change the fingerprint whenever the meaning or the serialised form
    /// of `V` changes.
    pub fn space<V>(&self, name: impl Into<Arc<str>>, fingerprint: u64, policy: Policy) -> Space<V>
    where
        V: Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        let name = name.into();
        let counters = Arc::new(Counters::new(Arc::clone(&name)));
        let mut spaces = self.0.spaces.lock();
        let id = SpaceId(spaces.len());
        spaces.push(Arc::clone(&counters));
        drop(spaces);
        let keys = RedisKeys::new(&self.0.prefix, &name, fingerprint);
        Space::new(id, policy, keys, counters, Arc::clone(&self.0))
    }

    /// A space of values that are computed from what other spaces answer, of at most about `bytes`, each kept for at most `ttl`.
    pub fn derived<V: Send + Sync + 'static>(
        &self,
        name: impl Into<Arc<str>>,
        bytes: u64,
        ttl: Duration,
    ) -> Derived<V> {
        let counters = Arc::new(Counters::new(name.into()));
        let memory = Memory::new(bytes);
        self.0.spaces.lock().push(Arc::clone(&counters));
        self.0.memories.lock().push((counters.shared_name(), memory.clone()));
        Derived::new(counters, Arc::clone(&self.0), memory, ttl)
    }

    /// Announces a transaction; take it before the first statement that writes.
    pub fn writing(&self) -> WriteGuard {
        self.0.unlinks.writer_began();
        WriteGuard(Arc::clone(&self.0))
    }

    /// What was visible at the last successful poll.
    pub fn mark(&self) -> Mark {
        self.0.tide.now().mark.clone()
    }

    /// The number of the last poll that saw something new.
    pub fn position(&self) -> Position {
        self.0.tide.now().position
    }

    /// The counters of every space, in the order in which they were made.
    pub fn statistics(&self) -> Vec<SpaceStatistics> {
        self.0.spaces.lock().iter().map(|counters| counters.read()).collect()
    }

    /// How the change log is polled, and how well polls are shared.
    pub fn gate_statistics(&self) -> GateStatistics {
        self.0.gate.statistics()
    }

    /// How full the table of last known changes is.
    pub fn tide_table_statistics(&self) -> TideTableStatistics {
        let (entries, capacity, overwritten) = self.0.tide.occupancy();
        let forgotten =
            self.0.spaces.lock().iter().map(|counters| counters.forgotten()).fold(Forgotten::default(), Forgotten::and);
        TideTableStatistics { entries, capacity, overwritten, false_invalidations: forgotten.estimated_false() }
    }

    /// What each memory holds: that of all spaces, and those of derived ones, which have their own.
    pub fn memory_statistics(&self) -> Vec<MemoryStatistics> {
        let memories = self.0.memories.lock().clone();
        let statistics = memories.into_iter().map(|(name, memory)| MemoryStatistics {
            name,
            bytes: memory.bytes(),
            most_bytes: memory.most_bytes(),
        });
        statistics.collect()
    }

    /// How commands to Redis have fared, if there is one.
    pub fn redis_statistics(&self) -> Option<RedisStatistics> {
        self.0.redis.as_ref().map(|redis| redis.statistics())
    }

    /// The bytes that the memory tier holds, as it reckons them.
    pub fn memory_bytes(&self) -> u64 {
        self.0.memory.bytes()
    }

    /// What can be reached, as far as the last attempts tell.
    pub fn health(&self) -> Health {
        Health { source: self.0.gate.error(), redis: self.0.redis.as_ref().map(|redis| redis.health()) }
    }

    /// Waits until no write to Redis is queued or under way. At once if there is no Redis.
    pub async fn drained(&self) {
        if let Some(redis) = &self.0.redis {
            redis.drained().await;
        }
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.poller.abort();
        self.looking.abort();
    }
}

/// One transaction that writes. Drop it if nothing was committed.
#[derive(Debug)]
pub struct WriteGuard(Arc<Core>);

impl WriteGuard {
    /// Call it after the commit: when it returns, every later read of `request` sees what was committed.
    ///
    /// An error says only that this could not be established; what was committed stays so.
    pub async fn settle(self, request: &Request) -> Result<(), GateError> {
        request.settle().await
    }
}

impl Drop for WriteGuard {
    fn drop(&mut self) {
        self.0.unlinks.writer_ended();
    }
}
