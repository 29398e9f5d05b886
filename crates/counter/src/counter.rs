use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, Notify};
use uuid::Uuid;

use crate::batch::is_refused;
use crate::here::Here;
use crate::sender::{Sender, Sent};
use crate::shared::Shared;
use crate::{Batch, Full, RedisStatistics, Settings, StartError, View};

/// Counts views. Cheap to clone. The default counts in this process alone.
#[derive(Clone, Debug)]
pub struct Counter(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    here: Arc<Here>,
    redis: Option<Redis>,
    filling: Arc<Notify>,
    /// Held by whoever flushes.
    flushing: Mutex<()>,
}

#[derive(Debug)]
struct Redis {
    shared: Shared,
    sender: Arc<Sender>,
    left_behind_after: Duration,
}

impl Default for Counter {
    fn default() -> Self {
        let filling = Arc::<Notify>::default();
        Self(Arc::new(Inner {
            here: Arc::new(Here::new(Arc::clone(&filling))),
            redis: None,
            filling,
            flushing: Mutex::default(),
        }))
    }
}

impl Counter {
    /// Starts, and waits a moment for Redis, if there is one. Must be called within a runtime.
    ///
    /// # Errors
    /// When the URL of Redis cannot be understood. A Redis that cannot be reached is no error.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        let Settings { interval, redis } = settings;
        let filling = Arc::<Notify>::default();
        let here = Arc::new(Here::new(Arc::clone(&filling)));
        let shared = redis.as_ref().map(Shared::open).transpose()?;
        if let Some(shared) = &shared {
            shared.started().await;
        }
        let redis = shared.map(|shared| Redis {
            sender: Sender::new(shared.clone(), Arc::clone(&here), Arc::clone(&filling)),
            shared,
            left_behind_after: interval * 2,
        });
        Ok(Self(Arc::new(Inner { here, redis, filling, flushing: Mutex::default() })))
    }

    /// Counts a view. Waits until it is in Redis, but not for long.
    ///
    /// # Errors
    /// When so much waits to be flushed that there is no room; then it is not counted.
    pub async fn view(&self, view: View) -> Result<(), Full> {
        if let Some(redis) = &self.0.redis
            && redis.sender.send(view).await? == Sent::Counted
        {
            return Ok(());
        }
        self.0.here.count(&view)
    }

    /// How commands to Redis have fared, if there is one.
    pub fn redis_statistics(&self) -> Option<RedisStatistics> {
        self.0.redis.as_ref().map(|redis| redis.shared.statistics())
    }

    /// Waits until so much is open that it is time to flush.
    pub async fn filling(&self) {
        self.0.filling.notified().await;
    }

    /// Hands what was counted to `apply`, a batch at a time: that of this process, and those that others have left behind. Each is
    /// forgotten once `apply` has succeeded, and handed over again, by this process or another, if it has not, or if it is not
    /// known. So `apply` has to recognise a batch by its id, and do nothing the second time. Processes that flush at the same time
    /// may hand over the same batch at the same time.
    ///
    /// While Redis does not answer, what is there waits. May be dropped at any point.
    ///
    /// # Errors
    /// The first one of `apply`; what is left waits for the next time.
    pub async fn flush<E, F>(&self, apply: impl Fn(Arc<Batch>) -> F) -> Result<(), E>
    where
        F: Future<Output = Result<(), E>>,
    {
        let _flushing = self.0.flushing.lock().await;
        // Once more where a batch was left from the last time.
        for _ in 0..2 {
            let Some(batch) = self.0.here.close() else { break };
            apply(batch).await?;
            self.0.here.forget();
        }
        let Some(redis) = &self.0.redis else { return Ok(()) };
        let Ok(left_behind) = redis.shared.opened(redis.left_behind_after).await else { return Ok(()) };
        for id in left_behind {
            redis.flush(id, false, &apply).await?;
        }
        // Last, so that no more than one batch waits here for a database that is gone.
        match redis.sender.turn().await {
            Some(id) => redis.flush(id, true, &apply).await,
            None => Ok(()),
        }
    }
}

impl Redis {
    async fn flush<E, F>(&self, id: Uuid, is_own: bool, apply: &impl Fn(Arc<Batch>) -> F) -> Result<(), E>
    where
        F: Future<Output = Result<(), E>>,
    {
        // If Redis does not answer, the batch is left behind and found later.
        let Ok(batch) = self.shared.close(id).await.map(Arc::new) else { return Ok(()) };
        if is_refused(id) {
            tracing::warn!(%id, "dropped views that were counted long ago: Redis may have been restored from an old copy");
        } else if !batch.counts.is_empty() {
            apply(Arc::clone(&batch)).await?;
        }
        let _ = self.shared.forget(&batch, is_own).await;
        Ok(())
    }
}
