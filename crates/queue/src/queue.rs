use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;
use tidewater_histogram::Snapshot;

use crate::report::Counters;
use crate::store::Store;
use crate::{Counts, Error, Item, Lengths, Letter, Listed, Pushed, RedisStatistics, Settings};

/// A queue of jobs of one type. Cheap to clone.
pub struct Queue<J> {
    inner: Arc<Inner>,
    job: PhantomData<fn(J) -> J>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) counters: Counters,
    /// Whether it has been said that there is no room.
    full: AtomicBool,
}

impl<J> Queue<J> {
    /// Opens the queue, and waits a moment for Redis, if there is one. Must be called within a runtime.
    ///
    /// # Errors
    /// When the URL of Redis cannot be understood. A Redis that cannot be reached is no error.
    pub async fn open(settings: Settings) -> Result<Self, Error> {
        let store = Store::open(settings)?;
        store.started().await;
        let inner = Inner { store, counters: Counters::default(), full: AtomicBool::default() };
        Ok(Self { inner: Arc::new(inner), job: PhantomData })
    }

    /// How many jobs are where, on all nodes together.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn lengths(&self) -> Result<Lengths, Error> {
        self.inner.store.lengths().await
    }

    /// What this process has done with jobs. Costs nothing.
    pub fn counts(&self) -> Counts {
        self.inner.counters.counts()
    }

    /// How long attempts at jobs have taken in this process, however they ended. Those that were cut short are not in it.
    pub fn durations(&self) -> Snapshot {
        self.inner.counters.durations.snapshot()
    }

    /// How commands to Redis have fared, if the queue is there; without those that wait for jobs.
    pub fn redis_statistics(&self) -> Option<RedisStatistics> {
        self.inner.store.redis_statistics()
    }

    /// Whether the queue answered when it was asked last.
    pub fn is_reachable(&self) -> bool {
        self.inner.store.is_reachable()
    }

    /// What is queued and running, in its order, then what is scheduled, by time; at most so many.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn list(&self, most: usize) -> Result<Vec<Listed>, Error> {
        if most == 0 { Ok(Vec::new()) } else { self.inner.store.list(most).await }
    }

    /// What has died, the latest first; at most so many.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn letters(&self, most: usize) -> Result<Vec<Letter>, Error> {
        if most == 0 { Ok(Vec::new()) } else { self.inner.store.letters(most).await }
    }

    /// Queues the dead jobs of these names again, with all their attempts, whether there is room or not. Answers how many there were.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn retry(&self, names: &[String]) -> Result<usize, Error> {
        if names.is_empty() { Ok(0) } else { self.inner.store.retry(names).await }
    }

    /// Queues all dead jobs again, with all their attempts. Answers how many there were.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn retry_all(&self) -> Result<usize, Error> {
        self.inner.store.retry(&[]).await
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }
}

impl<J: Serialize> Queue<J> {
    /// Queues jobs, each unless there is one of its name, and says what became of each. All of some 128 at a time are queued at
    /// once.
    ///
    /// # Errors
    /// [`Error::Unfit`], before anything is queued. [`Error::Unavailable`] when Redis does not answer: then any number of them may
    /// have been queued. What must not be lost is to be a row as well, which a sweep makes a job from.
    pub async fn push(&self, items: &[Item<J>]) -> Result<Vec<Pushed>, Error> {
        let stored = items.iter().map(Item::stored).collect::<Result<Vec<_>, _>>()?;
        let pushed = self.inner.store.push(&stored).await?;
        self.inner.note(&pushed);
        Ok(pushed)
    }
}

impl Inner {
    /// Says that there is no room when that begins.
    pub(crate) fn note(&self, pushed: &[Pushed]) {
        if pushed.contains(&Pushed::Full) {
            if !self.full.swap(true, Ordering::Relaxed) {
                tracing::warn!("the queue of jobs is full; what is pushed is left to later sweeps");
            }
        } else if pushed.contains(&Pushed::Queued) && self.full.swap(false, Ordering::Relaxed) {
            tracing::info!("the queue of jobs has room again");
        }
    }
}

impl<J> Clone for Queue<J> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), job: PhantomData }
    }
}

impl<J> fmt::Debug for Queue<J> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Queue").field("store", &self.inner.store).finish_non_exhaustive()
    }
}
