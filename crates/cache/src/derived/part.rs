//! Derived values that whatever else is computed for a request is made of.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use futures::FutureExt;

use super::{Derivation, Derived, ONLY};
use crate::recording::Recording;
use crate::{Acceptance, Request};

/// What something rests on that was computed at one go.
#[derive(Debug)]
pub struct Recorded(Recording);

impl Request {
    /// What `compute` answers, as a part of whatever else is computed for the request, and what it rests on, if nothing had to be
    /// waited for: then nothing else was computed meanwhile, and what was read is all that it rests on.
    pub async fn at_one_go<T>(&self, compute: impl Future<Output = T>) -> (T, Option<Recorded>) {
        let mut compute = pin!(compute);
        let mut is_first = true;
        poll_fn(|context| {
            if !std::mem::take(&mut is_first) {
                return compute.as_mut().poll(context).map(|answer| (answer, None));
            }
            match self.recorded_apart(|| compute.as_mut().poll(context)) {
                (Poll::Ready(answer), recording) => Poll::Ready((answer, recording.map(Recorded))),
                (Poll::Pending, _) => Poll::Pending,
            }
        })
        .await
    }
}

impl<V: Send + Sync + 'static> Derived<V> {
    /// What is held under `key`, if that is as fresh as `request` and the policies of what it rests on want it, as a part of whatever is
    /// computed for `request`: that rests on all that this rests on. Waits for nothing, not for leave to read either: where some would
    /// have to be waited for, nothing is held.
    pub fn get_part(&self, request: &Request, key: &[u8]) -> Option<Arc<V>> {
        let space = &*self.0;
        if matches!(request.acceptance(), Acceptance::Source { .. }) {
            return None;
        }
        let Some(held) = space.memory.get(ONLY, key) else {
            space.counters.missed(space.memory.why_not(ONLY, key, space.core.tide.floor()), 1);
            return None;
        };
        let derivation = held.value::<Derivation<V>>()?;
        let (fixed, asked) = (derivation.fixed, derivation.asked);
        let leave = request.leave_for_part(fixed, asked).now_or_never()?.ok()?;
        if !derivation.is_valid_at(leave.position, &held.memo, &space.core.tide) {
            space.counters.missed(space.core.tide.why_not(held.memo.as_of), 1);
            space.counters.invalidated(space.core.tide.is_only_forgotten(&held.memo.footprint, held.memo.as_of));
            space.memory.remove(ONLY, key);
            return None;
        }
        request.rests_on_part(&held.memo, fixed, asked, &leave);
        space.counters.memory_hits.add(1);
        space.counters.memory_ages.record(request.age_of(held.memo.read_at));
        request.account().memory.add(1);
        Some(Arc::clone(&derivation.value))
    }

    /// Keeps a part that was computed at one go for `request`, and that owns about this many bytes on the heap, under `key`.
    ///
    /// It has to follow from `key` and from what was read meanwhile: whoever computed it must have known nothing that was read before.
    pub fn keep_part(&self, request: &Request, key: &[u8], value: V, bytes: usize, Recorded(recording): &Recorded) {
        let has_leave_to_keep = !matches!(request.acceptance(), Acceptance::Source { .. });
        if let Some(footprint) = recording.footprint().filter(|_| has_leave_to_keep) {
            let memo = self.memo(Arc::new(value), footprint, recording.as_of, recording);
            self.store(&Arc::from(key), &memo, bytes);
        }
    }
}
