mod run;
mod stage;
mod sweep;
mod tend;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::entry_id::EntryId;
use crate::queue::Inner;
use crate::store::{Delivery, Reader, Rules, Store, Stored};
use crate::{Error, Handler, Item, Queue, WorkerSettings};
use stage::{Stage, reached};

/// How many jobs a worker runs at a time at most.
pub const MAX_CONCURRENCY: usize = 1_024;

/// How long a worker waits before it asks a queue again that did not answer.
const PAUSE: Duration = Duration::from_millis(100);

/// How long what ends without waiting for jobs may take.
const ENDING: Duration = Duration::from_secs(2);

/// Takes jobs from a queue and runs them, until it is drained or dropped. What it holds when it is dropped is taken back by others
/// when the visibility timeout is over.
#[derive(Debug)]
pub struct Worker {
    stage: watch::Sender<Stage>,
    taking: JoinHandle<()>,
    tending: JoinHandle<()>,
    sweeping: JoinHandle<()>,
    slots: Arc<Semaphore>,
    concurrency: u32,
    queue: Arc<Inner>,
    node: String,
}

/// What the parts of a worker share.
struct Shared<H: Handler> {
    handler: H,
    queue: Arc<Inner>,
    settings: WorkerSettings,
    recurring: Vec<(Stored, Duration)>,
    node: String,
    /// One permit for each job that may run.
    slots: Arc<Semaphore>,
    running: Mutex<HashSet<EntryId>>,
    stage: watch::Receiver<Stage>,
}

impl Worker {
    /// Starts to work. Must be called within a runtime.
    ///
    /// # Errors
    /// [`Error::Unfit`] for a recurring job that cannot be queued. A Redis that cannot be reached is no error: the worker waits.
    pub fn start<H: Handler>(queue: &Queue<H::Job>, handler: H, settings: WorkerSettings) -> Result<Self, Error> {
        let concurrency = settings.concurrency.clamp(1, MAX_CONCURRENCY);
        let recurring = handler.recurring().into_iter().map(|recurring| {
            let stored = Item::now(recurring.name, recurring.job).stored()?;
            Ok((stored, recurring.every))
        });
        let recurring = recurring.collect::<Result<_, Error>>()?;
        let (queue, node) = (Arc::clone(queue.inner()), Uuid::new_v4().simple().to_string());
        let reader = queue.store.reader(&node)?;
        let slots = Arc::new(Semaphore::new(concurrency));
        let (stage, stages) = watch::channel(Stage::Working);
        let shared = Arc::new(Shared {
            handler,
            queue: Arc::clone(&queue),
            settings,
            recurring,
            node: node.clone(),
            slots: Arc::clone(&slots),
            running: Mutex::default(),
            stage: stages,
        });
        Ok(Self {
            stage,
            taking: tokio::spawn(take(Arc::clone(&shared), reader)),
            tending: tokio::spawn(tend::tend(Arc::clone(&shared))),
            sweeping: tokio::spawn(sweep::sweep_regularly(shared)),
            slots,
            concurrency: concurrency as u32,
            queue,
            node,
        })
    }

    /// Takes no more jobs, lets those that run end within `grace`, and gives the others back at once, with no attempt counted.
    /// Answers how many these were. Takes little longer than `grace`, whatever happens to Redis.
    pub async fn drain(mut self, grace: Duration) -> usize {
        self.stage.send_replace(Stage::Draining);
        self.sweeping.abort();
        // What is delivered at the last moment is still run, or given back.
        let _ = timeout(ENDING, &mut self.taking).await;
        if timeout(grace, self.all_ended()).await.is_err() {
            self.stage.send_replace(Stage::Cut);
            let _ = timeout(ENDING, self.all_ended()).await;
        }
        self.tending.abort();
        let given_back = timeout(ENDING, self.queue.store.give_back(&self.node)).await;
        given_back.ok().and_then(Result::ok).unwrap_or_default()
    }

    async fn all_ended(&self) {
        // It is never closed.
        let _ = self.slots.acquire_many(self.concurrency).await;
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stage.send_replace(Stage::Cut);
        for task in [&self.taking, &self.tending, &self.sweeping] {
            task.abort();
        }
    }
}

impl<H: Handler> Shared<H> {
    fn store(&self) -> &Store {
        &self.queue.store
    }

    fn rules(&self) -> Rules {
        let WorkerSettings { visibility_timeout, attempts, rest, .. } = self.settings;
        Rules { visibility_timeout, attempts, rest }
    }

    /// As many permits as are free; waits for the first. None when the worker is drained.
    async fn free_slots(&self, stage: &mut watch::Receiver<Stage>) -> Option<Vec<OwnedSemaphorePermit>> {
        let first = tokio::select! {
            biased;
            () = reached(stage, Stage::Draining) => return None,
            first = Arc::clone(&self.slots).acquire_owned() => first.ok()?,
        };
        let mut permits = vec![first];
        while let Ok(next) = Arc::clone(&self.slots).try_acquire_owned() {
            permits.push(next);
        }
        Some(permits)
    }
}

/// Takes jobs when there are slots for them, until the worker is drained.
async fn take<H: Handler>(shared: Arc<Shared<H>>, reader: Reader) {
    let mut stage = shared.stage.clone();
    while let Some(mut permits) = shared.free_slots(&mut stage).await {
        let taken: Result<Vec<Delivery>, Error> = reader.take(permits.len()).await;
        let Ok(deliveries) = taken else {
            drop(permits);
            tokio::select! {
                () = reached(&mut stage, Stage::Draining) => return,
                () = sleep(PAUSE) => continue,
            }
        };
        for delivery in deliveries {
            let permit = permits.pop();
            tokio::spawn(run::run(Arc::clone(&shared), delivery, permit));
        }
    }
}
