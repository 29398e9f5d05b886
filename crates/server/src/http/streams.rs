use std::sync::Arc;

use tidewater_limit::Network;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::shares::{Share, Shares};

/// The WebSockets and event streams that are open: how many there may be, and that they end when the server stops.
pub(super) struct Streams {
    permits: Arc<Semaphore>,
    count: u32,
    stops: watch::Sender<bool>,
    clients: Shares,
    /// One more reference for each that is open.
    open: [Arc<()>; Stream::ALL.len()],
}

/// What is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    /// A WebSocket.
    Socket,
    /// An event stream.
    Events,
}

/// Leave to be open.
pub(super) struct Open {
    stops: watch::Receiver<bool>,
    _permit: OwnedSemaphorePermit,
    _share: Share,
    _counted: Arc<()>,
}

/// How many are open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StreamStatistics {
    /// WebSockets.
    pub(crate) sockets: usize,
    /// Event streams.
    pub(crate) event_streams: usize,
    /// How many there may be of both together.
    pub(crate) most: usize,
}

impl Stream {
    const ALL: [Self; 2] = [Self::Socket, Self::Events];
}

impl Streams {
    /// At most `count` at once, and `of_client` of one client.
    pub(super) fn new(count: usize, of_client: usize) -> Self {
        let count = u32::try_from(count.min(Semaphore::MAX_PERMITS)).unwrap_or(u32::MAX);
        let permits = Arc::new(Semaphore::new(count as usize));
        let clients = Shares::new(of_client);
        Self { permits, count, stops: watch::Sender::new(false), clients, open: Default::default() }
    }

    /// Leave for one more from this network, if there may be one.
    pub(super) fn open(&self, stream: Stream, network: Network) -> Option<Open> {
        let share = self.clients.take(network)?;
        let permit = Arc::clone(&self.permits).try_acquire_owned().ok()?;
        let counted = Arc::clone(&self.open[stream as usize]);
        Some(Open { stops: self.stops.subscribe(), _permit: permit, _share: share, _counted: counted })
    }

    /// How many are open.
    pub(super) fn statistics(&self) -> StreamStatistics {
        let [sockets, event_streams] = Stream::ALL.map(|stream| Arc::strong_count(&self.open[stream as usize]) - 1);
        StreamStatistics { sockets, event_streams, most: self.count as usize }
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
