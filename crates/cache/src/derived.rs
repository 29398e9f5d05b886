//! Values that are computed from what other reads answer.

mod part;

pub use part::Recorded;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::cache::Core;
use crate::counters::Counters;
use crate::explanation::{AnsweredBy, Missed, RedisTold, Step};
use crate::flight::{Boarding, Flights, Lead};
use crate::memo::Memo;
use crate::memory::{Held, Memory, SpaceId, weight};
use crate::recording::Recording;
use crate::terms::Terms;
use crate::tide::Tide;
use crate::{Acceptance, Basis, Footprint, MissReason, Position, Request};

/// A space of values that are computed from what other spaces answer, such as whole responses. What they depend on is what was
/// read while they were computed; nobody declares it.
///
/// A value is as fresh as its parts would be: its bounds are the strictest of theirs, and it does not outlive any of them. It is
/// kept in the memory of this process only, bounded apart from that of other spaces. Cheap to clone.
#[derive(Debug)]
pub struct Derived<V>(Arc<Inner<V>>);

#[derive(Debug)]
struct Inner<V> {
    memory: Memory,
    counters: Arc<Counters>,
    flights: Arc<Flights<Derivation<V>>>,
    core: Arc<Core>,
    most: u32,
    ttl: Duration,
}

/// A value with the terms of what it is derived from.
#[derive(Debug)]
struct Derivation<V> {
    value: Arc<V>,
    fixed: Terms,
    asked: Terms,
    /// The last position at which it was found valid. It rests on many things, and where nothing at all has changed since, none of
    /// them need be looked at again.
    proven: AtomicU64,
}

/// How a value that was just computed may be shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// With whoever asks, for as long as it is valid. It owns about this many bytes.
    Kept {
        /// The bytes that it owns on the heap.
        bytes: usize,
    },
    /// Only with those who wait for it already: an error, for instance.
    Once,
}

/// In a memory of its own there is one space only.
const ONLY: SpaceId = SpaceId(0);

/// The part of the memory that one value may take: a few large ones shall not drive out everything else.
const LARGEST_SHARE: u64 = 16;

impl<V> Clone for Derived<V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<V: Send + Sync + 'static> Derived<V> {
    pub(crate) fn new(counters: Arc<Counters>, core: Arc<Core>, memory: Memory, ttl: Duration) -> Self {
        let most = u32::try_from(memory.most_bytes() / LARGEST_SHARE).unwrap_or(u32::MAX);
        let flights = Arc::new(Flights::new());
        Self(Arc::new(Inner { memory, counters, flights, core, most, ttl }))
    }

    /// What is held under `key`, if that is as fresh as `acceptance` and the policies of its parts want it. Waits for the gate
    /// if they want it so. The acceptance counts where it counted while the value was computed: from [`Request::accept`] on.
    pub async fn get(&self, request: &Request, key: &[u8], acceptance: Acceptance) -> Option<Arc<V>> {
        let (_, derivation) = self.held(request, key, acceptance).await?;
        Some(Arc::clone(&derivation.value))
    }

    /// Like [`get`](Self::get), with what the value rests on.
    pub async fn get_with_basis(
        &self,
        request: &Request,
        key: &[u8],
        acceptance: Acceptance,
    ) -> Option<(Arc<V>, Basis)> {
        let (held, derivation) = self.held(request, key, acceptance).await?;
        Some((Arc::clone(&derivation.value), Basis::of(&held.memo)))
    }

    async fn held(
        &self,
        request: &Request,
        key: &[u8],
        acceptance: Acceptance,
    ) -> Option<(Arc<Held>, Arc<Derivation<V>>)> {
        let space = &*self.0;
        if matches!(acceptance, Acceptance::Source { .. }) {
            return None;
        }
        let held = space.memory.get(ONLY, key)?;
        let derivation = held.value::<Derivation<V>>()?;
        let leave = request.leave_on(derivation.fixed.and(acceptance.of(derivation.asked))).await.ok()?;
        if !derivation.is_valid_at(leave.position, &held.memo, &space.core.tide) {
            space.counters.invalidated(space.core.tide.is_only_forgotten(&held.memo.footprint, held.memo.as_of));
            space.memory.remove(ONLY, key);
            request.note(|explanation| {
                let reason = space.core.tide.why_not(held.memo.as_of);
                let invalid = Some((held.memo.footprint.clone(), held.memo.as_of));
                explanation.derived = Some(self.step(key, None, missed(reason, invalid), &held.memo));
            });
            return None;
        }
        request.note(|explanation| {
            explanation.derived = Some(self.step(key, Some(AnsweredBy::Memory), None, &held.memo));
        });
        request.saw(held.memo.read_at);
        space.counters.memory_hits.add(1);
        space.counters.memory_ages.record(request.age_of(held.memo.read_at));
        request.account().derived.add(1);
        Some((held, derivation))
    }

    /// Whether this time what is held under `key` is to be verified, not served. See [`crate::Settings::verify_share`].
    pub fn is_to_be_verified(&self, key: &[u8]) -> bool {
        let share = self.0.core.verify_share;
        share > 0.0 && rand::random::<f64>() < share && self.0.memory.get(ONLY, key).is_some()
    }

    /// Compares what is held under `key` with what was just computed for `request` from the source alone. If it differs, though
    /// nothing that it rests on has changed, it was stale; then it is dropped.
    pub async fn verify(&self, request: &Request, key: &[u8], is_same: impl FnOnce(&V) -> bool) {
        let space = &*self.0;
        let Some(held) = space.memory.get(ONLY, key) else { return };
        let Some(derivation) = held.value::<Derivation<V>>() else { return };
        if is_same(&derivation.value) {
            space.counters.proven.add(1);
        } else if request.settle().await.is_err() {
            // Nothing is known of the changes in between.
        } else if space.core.tide.valid(&held.memo.footprint, held.memo.as_of) {
            space.counters.disproved.add(1);
            tracing::error!(space = %space.counters.name(), "a cached value was stale: the database answers otherwise");
            space.memory.drop(ONLY, key);
        } else {
            space.counters.overtaken.add(1);
        }
    }

    /// Computes the value under `key`, once for all who ask for it at the same time, and keeps it if it can be shared.
    ///
    /// All that `compute` reads, it has to read for `request`. Safe to drop at any point; whoever had joined then goes on alone.
    pub async fn read<F>(&self, request: &Request, key: &[u8], compute: impl FnOnce() -> F) -> Arc<V>
    where
        F: Future<Output = (V, Sharing)>,
    {
        self.read_and(request, key, compute, |_, _| ()).await.0
    }

    /// Like [`read`](Self::read), with what the value rests on, if that is known.
    pub async fn read_with_basis<F>(
        &self,
        request: &Request,
        key: &[u8],
        compute: impl FnOnce() -> F,
    ) -> (Arc<V>, Option<Basis>)
    where
        F: Future<Output = (V, Sharing)>,
    {
        let basis = |footprint: &Footprint, as_of| Basis { footprint: footprint.clone(), as_of };
        self.read_and(request, key, compute, basis).await
    }

    /// Like [`read`](Self::read), with what `tell` makes of what the value rests on, if that is known.
    async fn read_and<F, B>(
        &self,
        request: &Request,
        key: &[u8],
        compute: impl FnOnce() -> F,
        tell: impl Fn(&Footprint, Position) -> B,
    ) -> (Arc<V>, Option<B>)
    where
        F: Future<Output = (V, Sharing)>,
    {
        let space = &*self.0;
        let key: Arc<[u8]> = Arc::from(key);
        let mut at_least = Position::LAST;
        let (lead, as_of) = loop {
            if space.flights.is_under_way(&key) {
                // Nothing that was committed before this request arrived may be missing, whatever the other one accepts.
                let leave = request.leave_on(Terms::STRICT).await;
                at_least = leave.map_or(Position::LAST, |leave| leave.position);
            }
            let as_of = request.record();
            match space.flights.board(&key, at_least, as_of) {
                Boarding::Lead(lead) => {
                    // A flight that landed in the meantime has left its value in memory.
                    if at_least < Position::LAST
                        && let Some((held, derivation)) =
                            self.held(request, &key, Acceptance::AtMost(Duration::ZERO)).await
                    {
                        return (Arc::clone(&derivation.value), Some(tell(&held.memo.footprint, held.memo.as_of)));
                    }
                    break (lead, as_of);
                }
                Boarding::Join(landing) => {
                    if let Ok(Ok(memo)) = landing.await {
                        space.counters.joined.add(1);
                        request.account().joined.add(1);
                        request.saw(memo.read_at);
                        request.note(|explanation| {
                            let missed = explanation.derived.take().and_then(|step| step.missed);
                            explanation.derived = Some(self.step(&key, Some(AnsweredBy::Joined), missed, &memo));
                        });
                        return (Arc::clone(&memo.value.value), Some(tell(&memo.footprint, memo.as_of)));
                    }
                }
            }
        };
        let reason = self.why_not(&key);
        space.counters.missed(reason, 1);
        let (value, sharing) = compute().await;
        let value = Arc::new(value);
        let recording = request.recorded();
        let footprint = recording.as_ref().and_then(Recording::footprint);
        request.note(|explanation| {
            let missed = explanation.derived.take().and_then(|step| step.missed).or_else(|| missed(reason, None));
            let (value, footprint) = (Arc::clone(&value), footprint.clone().unwrap_or_default());
            let read_at = Instant::now();
            let memo = Memo { value, footprint, as_of, read_at, sourced_at: read_at, expires_at: read_at };
            explanation.derived = Some(self.step(&key, Some(AnsweredBy::Source(None)), missed, &memo));
        });
        let told = recording.zip(footprint).map(|(recording, footprint)| {
            let told = tell(&footprint, as_of);
            self.land(lead, as_of, &value, &recording, footprint, sharing);
            told
        });
        (value, told)
    }

    fn step<T: ?Sized>(
        &self,
        key: &[u8],
        answered_by: Option<AnsweredBy>,
        missed: Option<Missed>,
        memo: &Memo<T>,
    ) -> Step {
        let Memo { footprint, as_of, sourced_at, .. } = memo;
        let (space, key, footprint) = (self.0.counters.shared_name(), key.into(), footprint.clone());
        Step { space, key, answered_by, missed, as_of: *as_of, sourced_at: *sourced_at, footprint }
    }

    /// Why what is kept under `key` was not served.
    fn why_not(&self, key: &[u8]) -> MissReason {
        let space = &*self.0;
        match space.memory.get(ONLY, key) {
            Some(held) if space.core.tide.valid(&held.memo.footprint, held.memo.as_of) => MissReason::Bypassed,
            Some(held) => space.core.tide.why_not(held.memo.as_of),
            None => space.memory.why_not(ONLY, key, space.core.tide.floor()),
        }
    }

    fn land(
        &self,
        lead: Lead<Derivation<V>>,
        as_of: Position,
        value: &Arc<V>,
        recording: &Recording,
        footprint: Footprint,
        sharing: Sharing,
    ) {
        let memo = self.memo(Arc::clone(value), footprint, as_of, recording);
        if let Sharing::Kept { bytes } = sharing {
            self.store(lead.key(), &memo, bytes);
        }
        lead.land(Ok(Arc::new(memo)));
    }

    /// A value that was just computed from what was recorded.
    fn memo(&self, value: Arc<V>, footprint: Footprint, as_of: Position, recording: &Recording) -> Memo<Derivation<V>> {
        let read_at = Instant::now();
        let latest = read_at + self.0.ttl;
        let expires_at = recording.expires_at.map_or(latest, |earliest| earliest.min(latest));
        let (fixed, asked, proven) = (recording.fixed, recording.asked, AtomicU64::new(as_of.get()));
        let derivation = Derivation { value, fixed, asked, proven };
        Memo { value: Arc::new(derivation), footprint, as_of, read_at, sourced_at: read_at, expires_at }
    }

    /// Keeps a value that owns about this many bytes, if it is still valid and there is room for it.
    fn store(&self, key: &Arc<[u8]>, memo: &Memo<Derivation<V>>, bytes: usize) {
        let space = &*self.0;
        let weight = weight::<Derivation<V>>(bytes, &memo.footprint);
        let is_valid = space.core.tide.valid(&memo.footprint, memo.as_of);
        if weight <= space.most && memo.expires_at > memo.read_at && is_valid {
            space.memory.insert(ONLY, &space.counters, key, memo, weight);
            space.counters.fills.add(1);
        } else {
            space.counters.evictions.add(usize::from(weight > space.most));
            space.memory.refuse(ONLY, key, memo, is_valid);
        }
    }
}

fn missed(reason: MissReason, invalid: Option<(Footprint, Position)>) -> Option<Missed> {
    Some(Missed { reason, memory: reason, redis: RedisTold::NotAsked, invalid })
}

impl<V> Derivation<V> {
    /// Whether its memo is valid at `position`, which the tide has published.
    fn is_valid_at<T: ?Sized>(&self, position: Position, memo: &Memo<T>, tide: &Tide) -> bool {
        if position.get() <= self.proven.load(Ordering::Relaxed) {
            return true;
        }
        let is_valid = tide.valid(&memo.footprint, memo.as_of);
        // Everything that comes after the last position bears its number.
        if is_valid && position < Position::LAST {
            self.proven.fetch_max(position.get(), Ordering::Relaxed);
        }
        is_valid
    }
}
