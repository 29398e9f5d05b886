use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tidewater_changelog::{Value, fault};
use tokio::time::timeout;
use tracing::{Instrument, Span};

use crate::answers::Answers;
use crate::cache::Core;
use crate::counters::Counters;
use crate::explanation::{AnsweredBy, Load, Missed, Step};
use crate::fetch::{Missing, Wanted};
use crate::flight::Flights;
use crate::memo::Memo;
use crate::memory::{Held, SpaceId};
use crate::queue::Write;
use crate::redis_key::RedisKeys;
use crate::terms::Terms;
use crate::{Acceptance, Found, Lookup, MissReason, Policy, ReadError, Request, tier};

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

/// A value that memory holds, with what holds it.
pub(crate) type Recalled<V> = (Arc<V>, Arc<Held>);

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

    pub(crate) fn inner(&self) -> &Inner<V> {
        &self.0
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

    /// Answers one lookup, if memory can. Waits for nothing but leave to read, and that once in a request: what follows is answered on
    /// the spot.
    pub async fn peek(&self, request: &Request, lookup: &Lookup) -> Option<Arc<V>> {
        let space = &*self.0;
        let is_from_source = matches!(request.acceptance(), Acceptance::Source { .. });
        if is_from_source || !space.policy.enabled || space.core.verify_share > 0.0 {
            return None;
        }
        // Whoever goes further is told the error, if there is one.
        request.leave(Terms::of(&space.policy)).await.ok()?;
        let held = space.core.memory.get(space.id, &lookup.key)?;
        let value = held.value::<V>()?;
        if !space.core.tide.valid(&held.memo.footprint, held.memo.as_of) {
            return None;
        }
        request.rests_on(&held.memo);
        space.counters.memory_ages.record(request.age_of(held.memo.read_at));
        space.remembered(request, 1);
        space.note(request, &lookup.key, AnsweredBy::Memory, None, &held.memo);
        Some(value)
    }

    /// Forgets what memory and Redis hold under `key`, valid or not: its next read costs a miss. Whether memory held anything.
    pub fn drop_kept(&self, key: &[u8]) -> bool {
        let space = &*self.0;
        if let Some(redis) = &space.core.redis {
            let key = space.keys.key(&space.core.tide.now().generation, key);
            redis.write(Write::Unlink { key });
        }
        space.core.memory.drop(space.id, key)
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
        // What goes further is boxed, so that a read which memory answers does not carry its state: every resolver above it would.
        if !space.policy.enabled {
            return Box::pin(space.bypass(request, &lookups, false, &load)).await;
        }
        if let Acceptance::Source { keep } = request.acceptance() {
            return Box::pin(space.bypass(request, &lookups, keep, &load)).await;
        }
        let leave = request.leave(Terms::of(&space.policy)).await?;
        let mut answers = Answers::new(request, lookups.len(), space.core.verify_share);
        let mut wanted = Vec::new();
        let begun = Instant::now();
        let span = tier::memory(space.counters.name(), lookups.len());
        span.in_scope(|| {
            for (index, lookup) in lookups.iter().enumerate() {
                if let Err(missing) = space.recall(index, &lookup.key, &mut answers) {
                    wanted.push(Wanted { index, key: Arc::from(&*lookup.key), missing });
                }
            }
        });
        request.account().memory_time.add_since(begun);
        span.record("tidewater.found", tier::number(lookups.len() - wanted.len()));
        drop(span);
        space.remembered(request, lookups.len() - wanted.len());
        if !wanted.is_empty() {
            Box::pin(space.fetch(&leave, &lookups, wanted, &mut answers, &load)).await?;
        }
        if answers.are_sampled() {
            Box::pin(space.verify(&lookups, &mut answers, &load)).await;
        }
        Ok(answers.into_values())
    }
}

impl<V> Inner<V>
where
    V: Serialize + DeserializeOwned + Send + Sync + 'static,
{
    /// Answers what memory holds, if it is valid.
    pub(crate) fn recall(
        &self,
        index: usize,
        key: &[u8],
        answers: &mut Answers<'_, V>,
    ) -> Result<Recalled<V>, Missing<V>> {
        let held = self.core.memory.get(self.id, key);
        let Some((value, held)) = held.and_then(|held| Some((held.value::<V>()?, held))) else {
            let reason = self.core.memory.why_not(self.id, key, self.core.tide.floor());
            return Err(Missing::of(reason, None));
        };
        let memo = &held.memo;
        if self.core.tide.valid(&memo.footprint, memo.as_of) {
            answers.give_held(index, Arc::clone(&value), memo);
            self.counters.memory_ages.record(answers.request().age_of(memo.read_at));
            self.note(answers.request(), key, AnsweredBy::Memory, None, memo);
            return Ok((value, held));
        }
        let is_forgotten = self.core.tide.is_only_forgotten(&memo.footprint, memo.as_of);
        self.counters.invalidated(is_forgotten);
        self.core.memory.remove(self.id, key);
        let missing = Missing { is_forgotten, ..Missing::of(self.core.tide.why_not(memo.as_of), Some(value)) };
        Err(missing.resting_on(answers.request(), &memo.footprint, memo.as_of))
    }

    /// Counts answers from memory.
    pub(crate) fn remembered(&self, request: &Request, count: usize) {
        self.counters.memory_hits.add(count);
        request.account().memory.add(count);
    }

    /// Writes down how a lookup was answered, if that is to be explained.
    pub(crate) fn note<T: ?Sized>(
        &self,
        request: &Request,
        key: &[u8],
        answered_by: AnsweredBy,
        missed: Option<Missed>,
        memo: &Memo<T>,
    ) {
        request.note(|explanation| {
            explanation.add(Step {
                space: self.counters.shared_name(),
                key: key.into(),
                answered_by: Some(answered_by),
                missed,
                as_of: memo.as_of,
                sourced_at: memo.sourced_at,
                footprint: memo.footprint.clone(),
            });
        });
    }

    /// Writes down a call of the loader, which found this, if that is to be explained; returns which it was.
    pub(crate) fn note_load(&self, request: &Request, found: &[Found<V>], time: Duration) -> Option<usize> {
        request.note(|explanation| {
            let statements = found.iter().map(|found| found.statements).max().unwrap_or_default();
            explanation.add_load(Load { space: self.counters.shared_name(), lookups: found.len(), statements, time })
        })
    }

    /// Calls the loader for some lookups, within its time.
    pub(crate) async fn ask_source<E, F, L>(
        &self,
        request: &Request,
        indices: Vec<usize>,
        load: &F,
        span: Span,
    ) -> Result<Vec<Found<V>>, ReadError<E>>
    where
        F: Fn(Vec<usize>) -> L,
        L: Future<Output = Result<Vec<Found<V>>, E>>,
    {
        let asked = indices.len();
        let begun = Instant::now();
        fault::hold("before_source").await;
        let found = timeout(self.core.load_timeout, load(indices)).instrument(span.clone()).await;
        if !matches!(found, Ok(Ok(_))) {
            span.record("otel.status_code", "ERROR");
        }
        fault::hold("after_source").await;
        request.account().database_time.add_since(begun);
        let found = found.map_err(|_| ReadError::TimedOut(self.core.load_timeout))?;
        let found = found.map_err(|error| ReadError::Load(Arc::new(error)))?;
        let answered = found.len();
        if answered == asked { Ok(found) } else { Err(ReadError::Miscounted { asked, answered }) }
    }

    /// Answers `lookups` from the source alone.
    async fn bypass<E, F, L>(
        &self,
        request: &Request,
        lookups: &[Lookup],
        keep: bool,
        load: &F,
    ) -> Result<Vec<Arc<V>>, ReadError<E>>
    where
        F: Fn(Vec<usize>) -> L,
        L: Future<Output = Result<Vec<Found<V>>, E>>,
    {
        if lookups.is_empty() {
            return Ok(Vec::new());
        }
        request.rests_on_the_unknown();
        self.counters.missed(MissReason::Bypassed, lookups.len());
        request.account().missed(MissReason::Bypassed, lookups.len());
        request.account().bypassed.add(lookups.len());
        let as_of = self.core.tide.now();
        let begun = Instant::now();
        let reasons = lookups.iter().map(|_| MissReason::Bypassed);
        let span = tier::database(self.counters.name(), lookups.len(), reasons);
        let found = self.ask_source(request, (0..lookups.len()).collect(), load, span).await?;
        let read_at = Instant::now();
        let load = self.note_load(request, &found, begun.elapsed());
        request.saw(read_at);
        let values = found.into_iter().zip(lookups).map(|(found, lookup)| {
            let memo = self.memo(as_of.position, lookup, found, read_at);
            self.note(request, &lookup.key, AnsweredBy::Source(load), Some(Missed::bypassed()), &memo);
            if keep {
                self.fill(&as_of, &Arc::from(&*lookup.key), &memo);
            }
            memo.value
        });
        Ok(values.collect())
    }
}
