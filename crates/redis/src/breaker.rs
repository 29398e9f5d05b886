use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

#[cfg(test)]
mod tests;

/// How many commands in a row have to fail before none is sent.
const FAILURES: u32 = 3;
const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

/// Keeps commands from waiting for a Redis that does not answer: after some failures in a row no command is sent, but for a single
/// probe after a pause that doubles from 100 ms to 5 s. Says so once when it opens and once when it closes.
#[derive(Debug)]
pub(crate) struct Breaker {
    state: Mutex<State>,
    openings: AtomicU64,
    meanwhile: &'static str,
}

/// Leave to send one command. Dropped without an answer, it tells nothing about Redis.
#[derive(Debug)]
pub(crate) struct Permit<'a> {
    breaker: &'a Breaker,
    probe: bool,
}

#[derive(Debug)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant, pause: Duration, probing: bool },
}

impl Breaker {
    /// Closed. `meanwhile` is what is done while it is open, for the log.
    pub(crate) fn new(meanwhile: &'static str) -> Self {
        Self { state: Mutex::new(State::Closed { failures: 0 }), openings: AtomicU64::new(0), meanwhile }
    }

    /// Leave to send a command at `now`, if there is reason to hope for an answer.
    pub(crate) fn admit(&self, now: Instant) -> Option<Permit<'_>> {
        match &mut *self.state.lock() {
            State::Closed { .. } => Some(Permit { breaker: self, probe: false }),
            State::Open { until, probing, .. } if !*probing && now >= *until => {
                *probing = true;
                Some(Permit { breaker: self, probe: true })
            }
            State::Open { .. } => None,
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        matches!(*self.state.lock(), State::Closed { .. })
    }

    /// How often it has opened.
    pub(crate) fn openings(&self) -> u64 {
        self.openings.load(Ordering::Relaxed)
    }
}

impl Permit<'_> {
    /// The command was answered.
    pub(crate) fn answered(mut self) {
        let mut state = self.breaker.state.lock();
        // An answer to what was sent before the breaker opened comes too late to close it.
        if self.probe || matches!(*state, State::Closed { .. }) {
            *state = State::Closed { failures: 0 };
        }
        drop(state);
        if self.probe {
            tracing::info!("Redis answers again");
        }
        self.probe = false;
    }

    /// The command was not answered, for this reason, which was known at `now`.
    pub(crate) fn failed(mut self, now: Instant, reason: &dyn std::fmt::Display) {
        let mut state = self.breaker.state.lock();
        let opened = match &mut *state {
            State::Closed { failures } if *failures + 1 < FAILURES => {
                *failures += 1;
                false
            }
            State::Closed { .. } => {
                *state = State::Open { until: now + jittered(SHORTEST), pause: SHORTEST, probing: false };
                true
            }
            State::Open { until, pause, probing } if self.probe => {
                *pause = (*pause * 2).min(LONGEST);
                *until = now + jittered(*pause);
                *probing = false;
                false
            }
            State::Open { .. } => false,
        };
        drop(state);
        if opened {
            self.breaker.openings.fetch_add(1, Ordering::Relaxed);
            let meanwhile = self.breaker.meanwhile;
            tracing::warn!(%reason, "Redis does not answer; {meanwhile} until it does");
        }
        self.probe = false;
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.probe
            && let State::Open { probing, .. } = &mut *self.breaker.state.lock()
        {
            *probing = false;
        }
    }
}

/// Between half of `pause` and all of it.
fn jittered(pause: Duration) -> Duration {
    pause.mul_f32(1.0 - rand::random::<f32>() / 2.0)
}
