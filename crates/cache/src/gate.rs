use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::channel::oneshot;
use futures::future::Shared;
use parking_lot::Mutex;
use tidewater_histogram::{Bounds, Histogram};
use tokio::sync::Notify;
use tokio::time::timeout;
use tracing::Span;

use crate::counters::Counter;
use crate::{GateError, GateStatistics, Position};

/// How many of those who wait for a poll its span tells of.
const FOLLOWED: usize = 32;

/// How a poll ended, for everybody who waits for it.
pub(crate) type Outcome = Shared<oneshot::Receiver<Result<Passage, GateError>>>;

/// What a successful poll has established.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Passage {
    /// Everything that was committed when the poll began is known at this position.
    pub(crate) position: Position,
    /// When it began.
    pub(crate) began: Instant,
}

/// Gives a request a poll that began after it arrived, shared with all who wait. Polls only while somebody waits, one at a
/// time; the next begins as soon as the one before has ended.
#[derive(Debug)]
pub(crate) struct Gate {
    origin: Instant,
    position: AtomicU64,
    /// When the last successful poll began, in nanoseconds since `origin`, plus one; 0 before there is any.
    fresh: AtomicU64,
    state: Mutex<State>,
    wake: Notify,
    counters: GateCounters,
}

/// What is counted of polls, and of those who wait for them.
#[derive(Debug)]
struct GateCounters {
    polls: Counter,
    failed: Counter,
    latency: Histogram,
    changes: Counter,
    restarts: Counter,
    passes: Counter,
    waits: Histogram,
    stale: Counter,
}

/// What a request finds at the gate.
#[derive(Debug)]
pub(crate) enum Entry {
    /// A finished poll will do.
    Passed(Passage),
    /// This poll has to end first; see [`settled`]. Waiting for it is done in the span.
    Wait(Outcome, Span),
    /// So has this one, for which another read of the same request waits already: that one is counted and traced.
    Joined(Outcome),
}

/// A poll that has begun.
#[derive(Debug)]
pub(crate) struct Round {
    began: Instant,
    sender: oneshot::Sender<Result<Passage, GateError>>,
    span: Span,
}

/// A poll that is wanted.
#[derive(Debug)]
struct Next {
    sender: oneshot::Sender<Result<Passage, GateError>>,
    outcome: Outcome,
    /// What those who wait for it are traced in; the first ones.
    waiting: Vec<Span>,
}

#[derive(Debug, Default)]
struct State {
    next: Option<Next>,
    under_way: Option<(Instant, Outcome)>,
    error: Option<GateError>,
    closed: bool,
}

impl Gate {
    pub(crate) fn new() -> Self {
        Self {
            origin: Instant::now(),
            position: AtomicU64::new(0),
            fresh: AtomicU64::new(0),
            state: Mutex::default(),
            wake: Notify::new(),
            counters: GateCounters {
                polls: Counter::default(),
                failed: Counter::default(),
                latency: Histogram::new(Bounds::LATENCIES),
                changes: Counter::default(),
                restarts: Counter::default(),
                passes: Counter::default(),
                waits: Histogram::new(Bounds::LATENCIES),
                stale: Counter::default(),
            },
        }
    }

    /// The last successful poll, if it began after `not_before`; whenever it began, if that is None.
    pub(crate) fn passed(&self, not_before: Option<Instant>) -> Option<Passage> {
        let fresh = self.fresh.load(Ordering::Acquire);
        let began = self.origin + Duration::from_nanos(fresh.checked_sub(1)?);
        let position = Position::new(self.position.load(Ordering::Acquire));
        is_after(began, not_before).then_some(Passage { position, began })
    }

    /// A poll that began after `not_before`; any successful one if that is None.
    pub(crate) fn enter(&self, not_before: Option<Instant>) -> Entry {
        self.counters.passes.add(1);
        if let Some(passage) = self.passed(not_before) {
            return Entry::Passed(passage);
        }
        let after = |began| is_after(began, not_before);
        let span = tracing::debug_span!("gate");
        let mut state = self.state.lock();
        if let Some((_, outcome)) = state.under_way.as_ref().filter(|(began, _)| after(*began)) {
            return Entry::Wait(outcome.clone(), span);
        }
        if let Some(next) = &mut state.next {
            next.follow(&span);
            return Entry::Wait(next.outcome.clone(), span);
        }
        let (sender, receiver) = oneshot::channel();
        let outcome = receiver.shared();
        if !state.closed {
            let mut next = Next { sender, outcome: outcome.clone(), waiting: Vec::new() };
            next.follow(&span);
            state.next = Some(next);
            self.wake.notify_one();
        }
        Entry::Wait(outcome, span)
    }

    /// Wants a poll that nobody waits for.
    pub(crate) fn want(&self) {
        let _ = self.enter(Some(Instant::now()));
    }

    /// Waits until a poll is wanted.
    pub(crate) async fn wanted(&self) {
        while self.state.lock().next.is_none() {
            self.wake.notified().await;
        }
    }

    /// Begins a poll, if one is wanted.
    pub(crate) fn begin(&self) -> Option<Round> {
        let mut state = self.state.lock();
        let Next { sender, outcome, waiting } = state.next.take()?;
        // Within the lock: whoever comes later sees this poll as one that began before.
        let began = Instant::now();
        state.under_way = Some((began, outcome));
        drop(state);
        self.counters.polls.add(1);
        Some(Round { began, sender, span: span(&waiting) })
    }

    /// Ends a poll. Whatever a successful one saw is known to all readers before this is called.
    pub(crate) fn end(&self, round: Round, result: Result<Position, GateError>) {
        let Round { began, sender, .. } = round;
        self.counters.latency.record(began.elapsed());
        self.counters.failed.add(usize::from(result.is_err()));
        if let Ok(position) = &result {
            self.position.store(position.get(), Ordering::Release);
            let since = began.duration_since(self.origin).as_nanos();
            self.fresh.store(u64::try_from(since).unwrap_or(u64::MAX - 1) + 1, Ordering::Release);
        }
        {
            let mut state = self.state.lock();
            state.under_way = None;
            state.error = result.as_ref().err().cloned();
        }
        // Fails only if nobody waits any longer.
        let _ = sender.send(result.map(|position| Passage { position, began }));
    }

    /// Lets go everybody who waits, now and later, with [`GateError::Stopped`].
    pub(crate) fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        state.error = Some(GateError::Stopped);
        state.next = None;
        state.under_way = None;
    }

    /// Why the last poll failed, if it did.
    pub(crate) fn error(&self) -> Option<GateError> {
        self.state.lock().error.clone()
    }

    /// A poll saw so many changes.
    pub(crate) fn saw(&self, changes: usize) {
        self.counters.changes.add(changes);
    }

    /// A poll did not continue where the one before had ended.
    pub(crate) fn restarted(&self) {
        self.counters.restarts.add(1);
    }

    /// A request waited for a poll for so long.
    pub(crate) fn waited(&self, time: Duration) {
        self.counters.waits.record(time);
    }

    /// A read had leave to do without a poll that could not be made.
    pub(crate) fn did_without(&self) {
        self.counters.stale.add(1);
    }

    pub(crate) fn statistics(&self) -> GateStatistics {
        let GateCounters { polls, failed, latency, changes, restarts, passes, waits, stale } = &self.counters;
        GateStatistics {
            polls: polls.get(),
            failed: failed.get(),
            latency: latency.snapshot(),
            changes: changes.get(),
            restarts: restarts.get(),
            passes: passes.get(),
            waits: waits.snapshot(),
            stale: stale.get(),
        }
    }
}

impl Round {
    /// When it began.
    pub(crate) fn began(&self) -> Instant {
        self.began
    }

    /// What it is traced in: a part of the first request that waits for it and is traced, and linked to the others.
    pub(crate) fn span(&self) -> Span {
        self.span.clone()
    }
}

impl Next {
    /// Somebody waits for it in this span.
    fn follow(&mut self, span: &Span) {
        if !span.is_disabled() && self.waiting.len() < FOLLOWED {
            self.waiting.push(span.clone());
        }
    }
}

fn span(waiting: &[Span]) -> Span {
    let Some((first, others)) = waiting.split_first() else { return Span::none() };
    let span = first.in_scope(|| tracing::debug_span!("poll", tidewater.changes = tracing::field::Empty));
    others.iter().for_each(|other| {
        span.follows_from(other);
    });
    span
}

/// Waits for a poll to end, but no longer than `patience`.
pub(crate) async fn settled(outcome: Outcome, patience: Duration) -> Result<Passage, GateError> {
    match timeout(patience, outcome).await {
        Ok(ended) => ended.unwrap_or(Err(GateError::Stopped)),
        Err(_) => Err(GateError::TimedOut(patience)),
    }
}

/// Strictly after, because two moments within one tick of the clock compare as equal.
fn is_after(began: Instant, not_before: Option<Instant>) -> bool {
    not_before.is_none_or(|not_before| began > not_before)
}
