use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_graphql::{Context, ID};
use futures::{Stream, stream};
use parking_lot::Mutex;
use tidewater_cache::{Applied, Follower, Lost, Request};
use uuid::Uuid;

use super::change::{Change, Followed};
use super::watch::Guard;
use crate::{Error, Scope, id};

/// What the events of one subscription come from.
pub(crate) struct Source {
    /// Until the field is resolved that tells of the changes.
    follower: Mutex<Option<Follower>>,
    pub(super) guard: Guard,
    has_begun: AtomicBool,
    /// What the event is read for that is executed.
    event: Mutex<Option<Request>>,
    /// Why there are no more events, if there should be.
    failure: Mutex<Option<Error>>,
}

impl Source {
    pub(super) fn new(follower: Follower, guard: Guard) -> Self {
        Self {
            follower: Mutex::new(Some(follower)),
            guard,
            has_begun: AtomicBool::new(false),
            event: Mutex::default(),
            failure: Mutex::default(),
        }
    }

    /// Whether it was found to be in order that there are events.
    pub(super) fn has_begun(&self) -> bool {
        self.has_begun.load(Ordering::Relaxed)
    }

    /// The request that the event is read for which is executed.
    pub(super) fn event(&self) -> Option<Request> {
        self.event.lock().clone()
    }

    /// Why there are no more events.
    pub(super) fn failure(&self) -> Option<Error> {
        self.failure.lock().take()
    }
}

/// The changes of `T`s that the viewer may know of, or of the one with this id, from now on.
///
/// # Errors
/// `BAD_USER_INPUT` when `id` is not the id of a `T`.
pub(crate) fn changes<T: Followed>(
    context: &Context<'_>,
    id: Option<ID>,
) -> Result<impl Stream<Item = Change<T>> + use<T>, Error> {
    let source = context.data::<Arc<Source>>().map_err(|_| Error::internal("a subscription without a source"))?;
    let only = id.map(|id| id::decode(T::PREFIX, "id", &id)).transpose()?;
    let twice = || Error::internal("a subscription with two fields");
    let follower = source.follower.lock().take().ok_or_else(twice)?;
    let scope = source.guard.scope();
    source.has_begun.store(true, Ordering::Relaxed);
    let changes = Changes { source: Arc::clone(source), follower, scope, only, seen: VecDeque::new(), applied: None };
    Ok(stream::unfold(changes, |mut changes| async move { changes.next().await.map(|change| (change, changes)) }))
}

/// Goes through what is applied, change by change.
struct Changes<T> {
    source: Arc<Source>,
    follower: Follower,
    scope: Scope,
    only: Option<Uuid>,
    applied: Option<Arc<Applied>>,
    /// Those of it that are still to be told.
    seen: VecDeque<Change<T>>,
}

impl<T: Followed> Changes<T> {
    async fn next(&mut self) -> Option<Change<T>> {
        loop {
            if let (Some(change), Some(applied)) = (self.seen.pop_front(), &self.applied) {
                *self.source.event.lock() = Some(self.follower.request(applied));
                return Some(change);
            }
            if let Err(error) = self.advance().await {
                *self.source.failure.lock() = Some(error);
                return None;
            }
        }
    }

    /// Waits for something to be applied, and takes from it what the viewer may know.
    async fn advance(&mut self) -> Result<(), Error> {
        let applied = self.follower.next().await?;
        // First of all: whoever has been signed out is told nothing of what came with that or after.
        self.source.guard.check(&self.follower, &applied).await?;
        for change in applied.changes() {
            self.seen.extend(Change::seen(&self.scope, self.only, change)?);
        }
        self.applied = Some(applied);
        Ok(())
    }
}

impl From<Lost> for Error {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::Behind => Self::FellBehind,
            Lost::Interrupted => Self::Interrupted,
            Lost::Stopped => Self::Unavailable,
        }
    }
}
