use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Notify, mpsc};

/// How many bytes of values may wait at most.
const MOST_BYTES: usize = 16 << 20;

/// Something to do to Redis in the background.
#[derive(Debug)]
pub(crate) enum Write {
    Fill { key: Bytes, value: Bytes, lifetime: Duration },
    Unlink { key: Bytes },
}

/// What waits for the background task: bounded in number and bytes; what does not fit is dropped and counted.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    sender: mpsc::Sender<Write>,
    gauge: Arc<Gauge>,
}

/// How much is queued or under way.
#[derive(Debug, Default)]
pub(crate) struct Gauge {
    count: AtomicUsize,
    bytes: AtomicUsize,
    dropped: AtomicU64,
    empty: Notify,
}

impl Write {
    fn bytes(&self) -> usize {
        match self {
            Self::Fill { key, value, .. } => key.len() + value.len(),
            Self::Unlink { key } => key.len(),
        }
    }
}

impl Queue {
    pub(crate) fn new(length: usize) -> (Self, mpsc::Receiver<Write>) {
        let (sender, receiver) = mpsc::channel(length.max(1));
        (Self { sender, gauge: Arc::default() }, receiver)
    }

    pub(crate) fn push(&self, write: Write) {
        let bytes = write.bytes();
        self.gauge.count.fetch_add(1, Ordering::AcqRel);
        let before = self.gauge.bytes.fetch_add(bytes, Ordering::AcqRel);
        if before + bytes > MOST_BYTES || self.sender.try_send(write).is_err() {
            self.gauge.done(1, bytes);
            self.gauge.dropped(1);
        }
    }

    pub(crate) fn gauge(&self) -> &Arc<Gauge> {
        &self.gauge
    }
}

impl Gauge {
    /// What `writes` takes up is free again.
    pub(crate) fn finished(&self, writes: &[Write]) {
        self.done(writes.len(), writes.iter().map(Write::bytes).sum());
    }

    pub(crate) fn dropped(&self, count: usize) {
        self.dropped.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// How many writes wait or are under way.
    pub(crate) fn queued(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// How many writes were never made.
    pub(crate) fn total_dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Waits until nothing is queued or under way.
    pub(crate) async fn drained(&self) {
        loop {
            let empty = self.empty.notified();
            if self.count.load(Ordering::Acquire) == 0 {
                return;
            }
            empty.await;
        }
    }

    fn done(&self, count: usize, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::AcqRel);
        if self.count.fetch_sub(count, Ordering::AcqRel) == count {
            self.empty.notify_waiters();
        }
    }
}
