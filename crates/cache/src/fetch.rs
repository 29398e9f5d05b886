//! The way of a lookup that memory cannot answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use postcard::ser_flavors::Size;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tidewater_changelog::fault;
use tracing::Instrument;

use crate::answers::Answers;
use crate::envelope::{self, Envelope};
use crate::explanation::{AnsweredBy, Missed, RedisTold};
use crate::flight::{Boarding, Failure, Landing, Lead};
use crate::memo::Memo;
use crate::memory::weight;
use crate::queue::Write;
use crate::request::Leave;
use crate::space::Inner;
use crate::tide::Now;
use crate::verify::are_same;
use crate::{Footprint, Found, Lookup, MissReason, Position, ReadError, Request, tier};

/// A lookup that is not answered yet.
#[derive(Debug)]
pub(crate) struct Wanted<V> {
    pub(crate) index: usize,
    pub(crate) key: Arc<[u8]>,
    pub(crate) missing: Missing<V>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) struct Missing<V> {
    pub(crate) missed: Missed,
    /// What memory held that is no longer valid.
    pub(crate) outdated: Option<Arc<V>>,
    /// Whether it is so only because the tide table had to forget.
    pub(crate) is_forgotten: bool,
}

/// What Redis holds that cannot be served.
pub(crate) struct Unfit {
    pub(crate) reason: MissReason,
    /// What it rests on, and its `as_of`, if it is a memo that is no longer valid.
    memo: Option<(Footprint, Position)>,
}

/// What Redis holds that can be, on this process's scale.
pub(crate) struct Placed<'a> {
    pub(crate) envelope: Envelope<'a>,
    as_of: Position,
    /// How much longer it may be kept.
    pub(crate) lifetime: Duration,
}

type Led<V> = Vec<(Wanted<V>, Lead<V>)>;
type Joined<V> = Vec<(Wanted<V>, Landing<V>)>;

impl<V> Inner<V>
where
    V: Serialize + DeserializeOwned + Send + Sync + 'static,
{
    /// Answers all that is wanted.
    pub(crate) async fn fetch<E, F, L>(
        &self,
        leave: &Leave,
        lookups: &[Lookup],
        mut wanted: Vec<Wanted<V>>,
        answers: &mut Answers<'_, V>,
        load: &F,
    ) -> Result<(), ReadError<E>>
    where
        E: Send + Sync + 'static,
        F: Fn(Vec<usize>) -> L + Send + Sync,
        L: Future<Output = Result<Vec<Found<V>>, E>> + Send,
    {
        while !wanted.is_empty() {
            let (led, joined) = self.board(leave.position, wanted, answers);
            let led = self.ask_redis(led, answers).await;
            if !led.is_empty() {
                if let Some(error) = &leave.unreachable {
                    return Err(error.clone().into());
                }
                Box::pin(self.load(lookups, led, answers, load)).await?;
            }
            // Only now: two readers that each lead what the other has joined must not wait for each other.
            wanted = self.join(joined, answers).await?;
        }
        Ok(())
    }

    fn board(&self, at_least: Position, wanted: Vec<Wanted<V>>, answers: &mut Answers<'_, V>) -> (Led<V>, Joined<V>) {
        let as_of = self.core.tide.now().position;
        let (mut led, mut joined) = (Vec::with_capacity(wanted.len()), Vec::new());
        for wanted in wanted {
            match self.flights.board(&wanted.key, at_least, as_of) {
                Boarding::Join(landing) => joined.push((wanted, landing)),
                // A flight that landed since memory was asked has left its value there.
                Boarding::Lead(lead) => match self.recall(wanted.index, &wanted.key, answers) {
                    Ok((value, held)) => {
                        self.remembered(answers.request(), 1);
                        lead.land(Ok(Arc::new(held.memo(value))));
                    }
                    Err(_) => led.push((wanted, lead)),
                },
            }
        }
        (led, joined)
    }

    /// Answers what Redis can answer; returns the rest.
    async fn ask_redis(&self, mut led: Led<V>, answers: &mut Answers<'_, V>) -> Led<V> {
        let Some(redis) = self.core.redis.as_ref().filter(|_| !led.is_empty()) else { return led };
        // The generation that the keys are built from is the one that the marks found under them belong to.
        let now = self.core.tide.now();
        let keys: Vec<_> = led.iter().map(|(wanted, _)| self.keys.key(&now.generation, &wanted.key)).collect();
        let begun = Instant::now();
        let span = tier::redis(self.counters.name(), keys.len());
        let stored = redis.get(keys.clone()).instrument(span.clone()).await;
        answers.request().account().redis_time.add_since(begun);
        let Ok(stored) = stored else {
            span.record("otel.status_code", "ERROR");
            for (wanted, _) in &mut led {
                wanted.missing.is_also(MissReason::RedisUnavailable);
            }
            return led;
        };
        let read_at = Instant::now();
        let mut rest = Vec::with_capacity(led.len());
        for (((mut wanted, lead), key), stored) in led.into_iter().zip(&keys).zip(stored) {
            match stored.map(|stored| self.judge(&now, key, &stored, read_at)).transpose() {
                Ok(Some((memo, weight))) => {
                    self.counters.redis_hits.add(1);
                    answers.request().account().redis.add(1);
                    answers.give_held(wanted.index, Arc::clone(&memo.value), &memo);
                    let missed = Some(wanted.missing.missed);
                    self.note(answers.request(), &wanted.key, AnsweredBy::Redis, missed, &memo);
                    self.core.memory.insert(self.id, &self.counters, lead.key(), &memo, weight);
                    lead.land(Ok(Arc::new(memo)));
                }
                Ok(None) => {
                    wanted.missing.missed.redis = RedisTold::Nothing;
                    rest.push((wanted, lead));
                }
                Err(Unfit { reason, memo }) => {
                    wanted.missing.is_also(reason);
                    if let Some((footprint, as_of)) = memo {
                        wanted.missing = wanted.missing.resting_on(answers.request(), &footprint, as_of);
                    }
                    rest.push((wanted, lead));
                }
            }
        }
        span.record("tidewater.found", tier::number(keys.len() - rest.len()));
        rest
    }

    /// The memo that Redis holds under `key`, if it is one, and valid; and about how many bytes it takes in memory.
    fn judge(&self, now: &Now, key: &[u8], stored: &[u8], read_at: Instant) -> Result<(Memo<V>, u32), Unfit> {
        let placed = self.place(now, key, stored).inspect_err(|unfit| {
            if let Some((footprint, as_of)) = &unfit.memo {
                self.counters.invalidated(self.core.tide.is_only_forgotten(footprint, *as_of));
            }
        });
        let Placed { envelope, as_of, lifetime } = placed?;
        let value = envelope::whole(envelope.value).ok_or(Unfit::of(MissReason::Undecodable))?;
        let weight = weight::<V>(envelope.value.len(), &envelope.footprint);
        let expires_at = read_at + lifetime;
        let age = envelope.age();
        self.counters.redis_ages.record(age);
        let sourced_at = read_at.checked_sub(age).unwrap_or(read_at);
        let (value, footprint) = (Arc::new(value), envelope.footprint);
        Ok((Memo { value, footprint, as_of, read_at, sourced_at, expires_at }, weight))
    }

    /// What Redis holds under `key`, if it is a memo that is valid.
    pub(crate) fn place<'a>(&self, now: &Now, key: &[u8], stored: &'a [u8]) -> Result<Placed<'a>, Unfit> {
        let envelope = Envelope::decode(key, stored).ok_or(Unfit::of(MissReason::Undecodable))?;
        let as_of = self.core.tide.place(&now.generation, &envelope.mark).ok_or(Unfit::of(MissReason::MarkTooOld))?;
        if !self.core.tide.valid(&envelope.footprint, as_of) {
            return Err(Unfit { reason: self.core.tide.why_not(as_of), memo: Some((envelope.footprint, as_of)) });
        }
        match envelope.remaining(self.policy.ttl) {
            Duration::ZERO => Err(Unfit::of(MissReason::Expired)),
            lifetime => Ok(Placed { envelope, as_of, lifetime }),
        }
    }

    /// Answers the rest from the source, in one call.
    async fn load<E, F, L>(
        &self,
        lookups: &[Lookup],
        led: Led<V>,
        answers: &mut Answers<'_, V>,
        load: &F,
    ) -> Result<(), ReadError<E>>
    where
        E: Send + Sync + 'static,
        F: Fn(Vec<usize>) -> L + Send + Sync,
        L: Future<Output = Result<Vec<Found<V>>, E>> + Send,
    {
        let request = answers.request();
        for (wanted, _) in &led {
            self.counters.missed(wanted.missing.missed.reason, 1);
            request.account().missed(wanted.missing.missed.reason, 1);
        }
        request.account().loaded.add(led.len());
        let mut as_of = self.core.tide.now();
        let begun = Instant::now();
        let indices = led.iter().map(|(wanted, _)| wanted.index).collect();
        let reasons = led.iter().map(|(wanted, _)| wanted.missing.missed.reason);
        let span = tier::database(self.counters.name(), led.len(), reasons);
        let found = match self.ask_source(request, indices, load, span).await {
            Ok(found) => found,
            Err(error) => {
                if let Some(failure) = Failure::of(&error) {
                    led.into_iter().for_each(|(_, lead)| lead.land(Err(failure.clone())));
                }
                return Err(error);
            }
        };
        if fault::is_off("as_of_before_read") {
            as_of = self.core.tide.now();
        }
        let read_at = Instant::now();
        let load = self.note_load(request, &found, begun.elapsed());
        for ((wanted, lead), found) in led.into_iter().zip(found) {
            let memo = self.memo(as_of.position, &lookups[wanted.index], found, read_at);
            if let Some(outdated) = &wanted.missing.outdated {
                self.counters.compared(are_same(&**outdated, &*memo.value), wanted.missing.is_forgotten);
            }
            self.fill(&as_of, lead.key(), &memo);
            answers.give(wanted.index, Arc::clone(&memo.value), &memo);
            self.note(request, lead.key(), AnsweredBy::Source(load), Some(wanted.missing.missed), &memo);
            lead.land(Ok(Arc::new(memo)));
        }
        Ok(())
    }

    /// What was found for `lookup` in a source that was read after `as_of`.
    pub(crate) fn memo(&self, as_of: Position, lookup: &Lookup, found: Found<V>, read_at: Instant) -> Memo<V> {
        let footprint = lookup.dependencies.with(&found.dependencies);
        let (value, expires_at) = (Arc::new(found.value), read_at + self.policy.lifetime());
        Memo { value, footprint, as_of, read_at, sourced_at: read_at, expires_at }
    }

    /// Stores what was read after `as_of` in both tiers, unless it is known to be out of date already.
    pub(crate) fn fill(&self, as_of: &Now, key: &Arc<[u8]>, memo: &Memo<V>) {
        let lifetime = memo.expires_at.saturating_duration_since(memo.read_at);
        if lifetime.is_zero() {
            return;
        }
        if !self.core.tide.valid(&memo.footprint, as_of.position) {
            self.core.memory.refuse(self.id, key, memo, false);
            return;
        }
        let Some(size) = self.write_to_redis(as_of, key, memo, lifetime) else { return };
        self.core.memory.insert(self.id, &self.counters, key, memo, weight::<V>(size, &memo.footprint));
        self.counters.fills.add(1);
    }

    /// Returns the size of the serialised value; None if it has no serialised form, and so no known size.
    fn write_to_redis(&self, as_of: &Now, key: &[u8], memo: &Memo<V>, lifetime: Duration) -> Option<usize> {
        let Some(redis) = &self.core.redis else {
            return postcard::serialize_with_flavor(&*memo.value, Size::default()).ok();
        };
        let value = postcard::to_allocvec(&*memo.value).ok()?;
        let key = self.keys.key(&as_of.generation, key);
        let envelope = Envelope {
            mark: as_of.mark.clone(),
            footprint: memo.footprint.clone(),
            filled_at: envelope::now(),
            lifetime: u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX),
            value: &value,
        };
        if let Some(stored) = envelope.encode(&key) {
            redis.write(Write::Fill { key, value: stored.into(), lifetime });
        }
        Some(value.len())
    }

    /// Waits for what other readers fetch; returns what has to be tried again.
    async fn join<E: Send + Sync + 'static>(
        &self,
        joined: Joined<V>,
        answers: &mut Answers<'_, V>,
    ) -> Result<Vec<Wanted<V>>, ReadError<E>> {
        let mut again = Vec::new();
        for (wanted, landing) in joined {
            match landing.await {
                Ok(Ok(memo)) => {
                    self.counters.joined.add(1);
                    answers.request().account().joined.add(1);
                    answers.give(wanted.index, Arc::clone(&memo.value), &memo);
                    let missed = Some(wanted.missing.missed);
                    self.note(answers.request(), &wanted.key, AnsweredBy::Joined, missed, &memo);
                }
                Ok(Err(failure)) => match failure.error() {
                    Some(error) => return Err(error),
                    None => again.push(wanted),
                },
                Err(_leader_dropped) => again.push(wanted),
            }
        }
        Ok(again)
    }
}

impl Unfit {
    /// What is no memo of this space, for this reason.
    fn of(reason: MissReason) -> Self {
        Self { reason, memo: None }
    }
}

impl<V> Missing<V> {
    /// Memory does not answer for this reason, and perhaps held what is outdated.
    pub(crate) fn of(reason: MissReason, outdated: Option<Arc<V>>) -> Self {
        let missed = Missed { reason, memory: reason, redis: RedisTold::NotAsked, invalid: None };
        Self { missed, outdated, is_forgotten: false }
    }

    /// With what the outdated memo rests on, if that is to be explained.
    pub(crate) fn resting_on(mut self, request: &Request, footprint: &Footprint, as_of: Position) -> Self {
        if request.is_explained() && self.missed.invalid.is_none() {
            self.missed.invalid = Some((footprint.clone(), as_of));
        }
        self
    }

    /// What Redis tells of it. Whatever it held is worth more than that memory held nothing, but not than what memory held.
    fn is_also(&mut self, reason: MissReason) {
        self.missed.redis = RedisTold::Missed(reason);
        if self.outdated.is_none() {
            self.missed.reason = reason;
        }
    }
}

impl Failure {
    /// What whoever has joined is told. None for what is not the loader's failure.
    fn of<E: Send + Sync + 'static>(error: &ReadError<E>) -> Option<Self> {
        match error {
            ReadError::Load(error) => Some(Self::Load(Arc::<E>::clone(error))),
            ReadError::TimedOut(limit) => Some(Self::TimedOut(*limit)),
            ReadError::Miscounted { asked, answered } => Some(Self::Miscounted { asked: *asked, answered: *answered }),
            ReadError::Gate(_) => None,
        }
    }

    /// As the error of a reader whose loader fails with `E`; None if the leader's fails with another type.
    fn error<E: Send + Sync + 'static>(&self) -> Option<ReadError<E>> {
        match self {
            Self::Load(error) => Arc::clone(error).downcast().ok().map(ReadError::Load),
            Self::TimedOut(limit) => Some(ReadError::TimedOut(*limit)),
            Self::Miscounted { asked, answered } => Some(ReadError::Miscounted { asked: *asked, answered: *answered }),
        }
    }
}
