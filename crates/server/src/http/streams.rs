use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// The WebSockets and event streams that are open: how many there may be, and that they end when the server stops.
pub(super) struct Streams {
    permits: Arc<Semaphore>,
    count: u32,
    stops: watch::Sender<bool>,
}

/// Leave to be open.
pub(super) struct Open {
    stops: watch::Receiver<bool>,
    _permit: OwnedSemaphorePermit,
}

impl Streams {
    /// At most `count` at once.
    pub(super) fn new(count: usize) -> Self {
        let count = u32::try_from(count.min(Semaphore::MAX_PERMITS)).unwrap_or(u32::MAX);
        Self { permits: Arc::new(Semaphore::new(count as usize)), count, stops: watch::Sender::new(false) }
    }

    /// Leave for one more, if there may be one.
    pub(super) fn open(&self) -> Option<Open> {
        let permit = Arc::clone(&self.permits).try_acquire_owned().ok()?;
        Some(Open { stops: self.stops.subscribe(), _permit: permit })
    }

    /// Has all of them end, and waits until they have.
    pub(super) async fn stop(&self) {
        self.stops.send_replace(true);
        // Never closed, so it cannot fail.
        let _ = self.permits.acquire_many(self.count).await;
    }
}

impl Open {
    /// Returns when the server stops.
    pub(super) async fn stopped(&mut self) {
        if self.stops.wait_for(|stops| *stops).await.is_err() {
            std::future::pending().await
        }
    }
}
