use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tidewater_changelog::Value;

use crate::cache::Core;
use crate::counters::{Counters, Miss};
use crate::fetch::Wanted;
use crate::flight::Flights;
use crate::memory::SpaceId;
use crate::redis_key::RedisKeys;
use crate::{Found, Lookup, Policy, ReadError, Request};

/// The values of one kind. Cheap to clone; clones share counters, memory and flights.
#[derive(Debug)]
pub struct Space<V>(Arc<Inner<V>>);

#[derive(Debug)]
pub(crate) struct Inner<V> {
    pub(crate) id: SpaceId,
    pub(crate) policy: Policy,
    pub(crate) keys: RedisKeys,
    pub(crate) counters: Arc<Counters>,
    pub(crate) flights: Arc<Flights<V>>,
    pub(crate) core: Arc<Core>,
}

impl<V> Clone for Space<V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<V> Space<V>
where
    V: Serialize + DeserializeOwned + Send + Sync + 'static,
{
    pub(crate) fn new(id: SpaceId, policy: Policy, keys: RedisKeys, counters: Arc<Counters>, core: Arc<Core>) -> Self {
        Self(Arc::new(Inner { id, policy, keys, counters, flights: Arc::new(Flights::new()), core }))
    }

    /// Says that the value under `key(row)` is the row of `table` with that primary key, so that a write of the row unlinks
    /// the value from Redis. Frees memory there early; no read depends on it.
    #[must_use]
    pub fn of_rows(self, table: &'static str, key: fn(&[Value]) -> Box<[u8]>) -> Self {
        if self.0.policy.enabled {
            self.0.core.unlinks.register(table, self.0.keys.clone(), key);
        }
        self
    }

    /// Answers `lookups`, in their order, no older than `request` and the policy allow.
    ///
    /// `load` gets the indices of the lookups that the tiers cannot answer and returns their values in that order. It is called
    /// once for all of them, and again only for lookups that had joined another reader's load which was then dropped. A
    /// lookup that is given twice is loaded once.
    ///
    /// `load` has to see the database as it is when it is called or later: not by a snapshot taken before, not on a replica, and
    /// not within a transaction that has written.
    ///
    /// Safe to drop at any point; whoever had joined then goes on alone. While this future is not polled, whoever has joined
    /// waits for it.
    pub async fn read<E, F, L>(
        &self,
        request: &Request,
        lookups: Vec<Lookup>,
        load: F,
    ) -> Result<Vec<Arc<V>>, ReadError<E>>
    where
        E: Send + Sync + 'static,
        F: Fn(Vec<usize>) -> L + Send + Sync,
        L: Future<Output = Result<Vec<Found<V>>, E>> + Send,
    {
        let space = &*self.0;
        if !space.policy.enabled {
            return space.load_uncached(lookups.len(), load).await;
        }
        let position = request.position(space.policy.max_staleness).await?;
        let mut answers = Vec::with_capacity(lookups.len());
        let mut wanted = Vec::new();
        for (index, lookup) in lookups.iter().enumerate() {
            let answer = space.recall(&lookup.key);
            if let Err(miss) = answer {
                wanted.push(Wanted { index, key: Arc::from(&*lookup.key), miss });
            }
            answers.push(answer.ok());
        }
        space.counters.memory_hits.add(lookups.len() - wanted.len());
        if !wanted.is_empty() {
            // Boxed, so that a read which memory answers does not carry the state of one that goes further.
            Box::pin(space.fetch(position, &lookups, wanted, &mut answers, &load)).await?;
        }
        Ok(answers.into_iter().flatten().collect())
    }
}

impl<V> Inner<V>
where
    V: Serialize + DeserializeOwned + Send + Sync + 'static,
{
    /// What memory holds, if it is valid.
    pub(crate) fn recall(&self, key: &[u8]) -> Result<Arc<V>, Miss> {
        let memo = self.core.memory.get(self.id, key).ok_or(Miss::Absent)?;
        if self.core.tide.valid(&memo.footprint, memo.as_of)
            && let Some(value) = memo.value()
        {
            return Ok(value);
        }
        self.counters.invalidations.add(1);
        self.core.memory.remove(self.id, key);
        Err(Miss::Changed)
    }

    async fn load_uncached<E, F, L>(&self, count: usize, load: F) -> Result<Vec<Arc<V>>, ReadError<E>>
    where
        F: Fn(Vec<usize>) -> L,
        L: Future<Output = Result<Vec<Found<V>>, E>>,
    {
        if count == 0 {
            return Ok(Vec::new());
        }
        self.counters.missed(Miss::Disabled, count);
        let found = load((0..count).collect()).await.map_err(|error| ReadError::Load(Arc::new(error)))?;
        if found.len() != count {
            return Err(ReadError::Miscounted { asked: count, answered: found.len() });
        }
        Ok(found.into_iter().map(|found| Arc::new(found.value)).collect())
    }
}
