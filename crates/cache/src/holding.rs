//! What the tiers hold, seen without use of it.

use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::space::Inner;
use crate::terms::Terms;
use crate::tide::Now;
use crate::{GateError, Lookup, MissReason, Request, Space};

/// What the tiers hold under one key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Holdings {
    /// This process's memory.
    pub memory: Holding,
    /// Redis; None if there is none.
    pub redis: Option<Holding>,
}

/// What one tier holds under a key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Holding {
    /// A value that a reader would be served.
    Valid {
        /// How long ago it was read from the source; in memory, from the source or from Redis.
        age: Duration,
        /// How much longer it may be kept.
        remaining: Duration,
    },
    /// A value of which it is not remembered whether it is valid: too many others came since.
    Held,
    /// Nothing that a reader would be served, for this reason.
    Missed(MissReason),
    /// Nothing; Redis does not know why.
    Nothing,
}

impl<V> Space<V>
where
    V: Serialize + DeserializeOwned + Send + Sync + 'static,
{
    /// What the tiers hold under the keys of `lookups`, in their order, by what is known when `request` may read.
    ///
    /// For values that depend on nothing but what their lookups declare. Fills nothing, counts as no lookup, and does not keep memory from
    /// giving up what it would have given up; Redis, which cannot be asked like that, takes it for a use.
    ///
    /// # Errors
    /// When the change log cannot be read.
    pub async fn holdings(&self, request: &Request, lookups: &[Lookup]) -> Result<Vec<Holdings>, GateError> {
        let space = self.inner();
        if !space.policy.enabled {
            let never = Holding::Missed(MissReason::Bypassed);
            return Ok(lookups.iter().map(|_| Holdings { memory: never, redis: None }).collect());
        }
        request.leave_on(Terms::STRICT).await?;
        let mut in_redis = space.held_by_redis(lookups).await.into_iter();
        let holdings = lookups.iter().map(|lookup| {
            let memory = space.held_by_memory(lookup);
            Holdings { memory, redis: in_redis.next() }
        });
        Ok(holdings.collect())
    }
}

impl<V> Inner<V>
where
    V: Serialize + DeserializeOwned + Send + Sync + 'static,
{
    fn held_by_memory(&self, lookup: &Lookup) -> Holding {
        let (memory, tide) = (&self.core.memory, &self.core.tide);
        if !memory.holds(self.id, &lookup.key) {
            return Holding::Missed(memory.why_not(self.id, &lookup.key, tide.floor()));
        }
        let Some(times) = memory.times(self.id, &lookup.key) else { return Holding::Held };
        if !tide.valid(&lookup.dependencies, times.as_of) {
            return Holding::Missed(tide.why_not(times.as_of));
        }
        let (age, remaining) = (times.read_at.elapsed(), times.expires_at.saturating_duration_since(Instant::now()));
        Holding::Valid { age, remaining }
    }

    /// One for each lookup, or none at all if there is no Redis.
    async fn held_by_redis(&self, lookups: &[Lookup]) -> Vec<Holding> {
        let Some(redis) = &self.core.redis else { return Vec::new() };
        let now = self.core.tide.now();
        let keys: Vec<_> = lookups.iter().map(|lookup| self.keys.key(&now.generation, &lookup.key)).collect();
        match redis.get(keys.clone()).await {
            Ok(stored) => {
                let stored = keys.iter().zip(stored);
                stored
                    .map(|(key, stored)| stored.map_or(Holding::Nothing, |stored| self.held(&now, key, &stored)))
                    .collect()
            }
            Err(_) => lookups.iter().map(|_| Holding::Missed(MissReason::RedisUnavailable)).collect(),
        }
    }

    fn held(&self, now: &Now, key: &[u8], stored: &[u8]) -> Holding {
        match self.place(now, key, stored) {
            Ok(placed) => Holding::Valid { age: placed.envelope.age(), remaining: placed.lifetime },
            Err(unfit) => Holding::Missed(unfit.reason),
        }
    }
}
