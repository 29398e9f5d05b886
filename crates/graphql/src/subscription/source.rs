use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_graphql::{Context, ID};
use futures::{Stream, stream};
use parking_lot::Mutex;
use tidewater_cache::{Applied, Follower, Lost, Request};
use tidewater_changelog as changelog;
use tidewater_changelog::RowChange;
use tidewater_entity::Tracked;
use uuid::Uuid;

use super::change::{Change, Followed};
use super::replaced::{Replaced, replaced};
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
    let only = id.map(|id| id::decode(T::PREFIX, "id", &id)).transpose()?;
    let (source, follower) = begin(context)?;
    let scope = source.guard.scope();
    let changes = Changes { source, follower, scope, only, seen: VecDeque::new(), applied: None };
    Ok(stream::unfold(changes, |mut changes| async move { changes.next().await.map(|change| (change, changes)) }))
}

/// All changes from now on, each as what was applied and its place there. Who may have them is the caller's to decide.
///
/// # Errors
/// `INTERNAL` where nothing is followed.
pub(crate) fn all_changes(context: &Context<'_>) -> Result<impl Stream<Item = (Arc<Applied>, usize)> + use<>, Error> {
    let (source, follower) = begin(context)?;
    let all = AllChanges { source, follower, applied: None, next: 0 };
    Ok(stream::unfold(all, |mut all| async move { all.next().await.map(|change| (change, all)) }))
}

fn begin(context: &Context<'_>) -> Result<(Arc<Source>, Follower), Error> {
    let source = context.data::<Arc<Source>>().map_err(|_| Error::internal("a subscription without a source"))?;
    let twice = || Error::internal("a subscription with two fields");
    let follower = source.follower.lock().take().ok_or_else(twice)?;
    source.has_begun.store(true, Ordering::Relaxed);
    Ok((Arc::clone(source), follower))
}

/// Goes through what is applied, whatever it is of.
struct AllChanges {
    source: Arc<Source>,
    follower: Follower,
    applied: Option<Arc<Applied>>,
    /// The place in it of what is told next.
    next: usize,
}

impl AllChanges {
    async fn next(&mut self) -> Option<(Arc<Applied>, usize)> {
        loop {
            if let Some(applied) = self.applied.as_ref().filter(|applied| self.next < applied.changes().len()) {
                *self.source.event.lock() = Some(self.follower.request(applied));
                self.next += 1;
                return Some((Arc::clone(applied), self.next - 1));
            }
            match self.advance().await {
                Ok(applied) => (self.applied, self.next) = (Some(applied), 0),
                Err(error) => {
                    *self.source.failure.lock() = Some(error);
                    return None;
                }
            }
        }
    }

    async fn advance(&mut self) -> Result<Arc<Applied>, Error> {
        let applied = self.follower.next().await?;
        // First of all: whoever has been signed out is told nothing of what came with that or after.
        self.source.guard.check(&self.follower, &applied).await?;
        Ok(applied)
    }
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
        let changes = applied.changes();
        let mut told = HashSet::new();
        for (index, change) in changes.iter().enumerate().filter(|(_, change)| is_of::<T>(change)) {
            let seen = match replaced(changes, index) {
                _ if told.contains(&index) => None,
                None => Change::seen(&self.scope, self.only, change)?,
                Some(Replaced::By(next, update)) => {
                    told.insert(next);
                    Change::seen(&self.scope, self.only, &update)?
                }
                Some(Replaced::Kept) => None,
                Some(Replaced::Unknown) => match Change::<T>::seen(&self.scope, self.only, change)? {
                    Some(seen) if self.is_gone(&applied, seen.key()).await? => Some(seen),
                    _ => None,
                },
            };
            self.seen.extend(seen);
        }
        self.applied = Some(applied);
        Ok(())
    }

    async fn is_gone(&self, applied: &Applied, key: Uuid) -> Result<bool, Error> {
        let reader = self.source.guard.reader_for(self.follower.request(applied));
        Ok(reader.item::<T::Entity>(key).await?.is_none())
    }
}

fn is_of<T: Followed>(change: &changelog::Change) -> bool {
    let (changelog::Change::Table { table } | changelog::Change::Row(RowChange { table, .. })) = change;
    **table == *T::Entity::TRACKING.table
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
