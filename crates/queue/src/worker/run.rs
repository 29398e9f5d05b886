//! One attempt at one job, and what becomes of it.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures::FutureExt;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{sleep, timeout};

use super::stage::{Stage, reached};
use super::{PAUSE, Shared};
use crate::report::shortened;
use crate::store::{Delivery, Next};
use crate::{Failure, Handler};

/// Takes the entry out of those that are running when it is dropped.
struct Running<'a, H: Handler> {
    shared: &'a Shared<H>,
    delivery: &'a Delivery,
}

/// How an attempt ended, if not well.
enum Trouble {
    Failed(Failure),
    /// It is no job that this version knows.
    Unreadable(String),
}

/// Runs a job and settles it. Leaves it as it is when the worker is cut short.
pub(super) async fn run<H: Handler>(shared: Arc<Shared<H>>, delivery: Delivery, permit: Option<OwnedSemaphorePermit>) {
    let running = Running::begin(&shared, &delivery);
    let mut stage = shared.stage.clone();
    tokio::select! {
        biased;
        () = reached(&mut stage, Stage::Cut) => {}
        () = async {
            let begun = Instant::now();
            let ended = shared.attempt(&delivery).await;
            shared.queue.counters.durations.record(begun.elapsed());
            shared.settle(&delivery, ended).await;
        } => {}
    }
    drop(running);
    // In this order: who has all permits may rely on nothing being done any more.
    drop(permit);
}

impl<H: Handler> Shared<H> {
    async fn attempt(&self, delivery: &Delivery) -> Result<(), Trouble> {
        let job = serde_json::from_str(&delivery.job).map_err(|error| Trouble::Unreadable(error.to_string()))?;
        let limit = self.settings.time_limit;
        let attempt = AssertUnwindSafe(async { self.handler.run(job).await }).catch_unwind();
        match timeout(limit, attempt).await {
            Ok(Ok(ended)) => ended.map_err(Trouble::Failed),
            Ok(Err(panic)) => Err(Trouble::Failed(Failure::Passing(said(panic.as_ref())))),
            Err(_) => Err(Trouble::Failed(Failure::Passing(format!("it took longer than {limit:?}")))),
        }
    }

    async fn settle(&self, delivery: &Delivery, ended: Result<(), Trouble>) {
        let attempts = delivery.attempts.saturating_add(1);
        let counters = &self.queue.counters;
        let next = ended.err().map(|trouble| self.next(&delivery.name, attempts, trouble));
        match &next {
            None => counters.done.fetch_add(1, Ordering::Relaxed),
            Some(Next::Again { .. }) => counters.failed.fetch_add(1, Ordering::Relaxed),
            Some(Next::Dead { .. }) => {
                counters.died.fetch_add(1, Ordering::Relaxed);
                counters.failed.fetch_add(1, Ordering::Relaxed)
            }
        };
        // After that, others have it anyway.
        let begun = Instant::now();
        while begun.elapsed() < self.settings.visibility_timeout {
            let settled = match &next {
                None => self.store().done(delivery).await,
                Some(next) => self.store().fail(delivery, attempts, next).await,
            };
            if settled.is_ok() {
                return;
            }
            sleep(PAUSE).await;
        }
    }

    fn next(&self, name: &str, attempts: u32, trouble: Trouble) -> Next {
        let (reason, rest) = match trouble {
            Trouble::Failed(Failure::Passing(reason)) if attempts < self.settings.attempts => {
                tracing::info!(name, attempts, reason, "a job has failed, and is tried again");
                return Next::Again { after: self.settings.backoff.after(attempts) };
            }
            Trouble::Failed(Failure::Passing(reason) | Failure::Lasting(reason)) => (reason, self.settings.rest),
            Trouble::Unreadable(reason) => (format!("this version does not know it: {reason}"), Duration::ZERO),
        };
        let reason = shortened(reason);
        tracing::warn!(name, attempts, reason, "a job is given up");
        Next::Dead { reason, rest }
    }
}

impl<'a, H: Handler> Running<'a, H> {
    fn begin(shared: &'a Shared<H>, delivery: &'a Delivery) -> Self {
        shared.running.lock().insert(delivery.id);
        Self { shared, delivery }
    }
}

impl<H: Handler> Drop for Running<'_, H> {
    fn drop(&mut self) {
        self.shared.running.lock().remove(&self.delivery.id);
    }
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("it panicked: {}", text.unwrap_or("without a word"))
}
