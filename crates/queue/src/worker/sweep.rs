use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio::time::{sleep, timeout};

use super::Shared;
use crate::{Error, Handler, Item};

/// How often it is asked at least whether somebody sweeps: a queue that was emptied is filled again soon.
const PACE: Duration = Duration::from_secs(1);
/// How often at most, however short the interval is.
const HASTE: Duration = Duration::from_millis(10);

/// Sweeps whenever nobody else has for the interval. A failure is logged when it begins and when it is over, not each time.
pub(super) async fn sweep_regularly<H: Handler>(shared: Arc<Shared<H>>) {
    let interval = shared.settings.sweep_interval;
    let mut failing = false;
    loop {
        if shared.store().lease_sweep(&shared.node, interval).await == Ok(true) {
            let swept = timeout(interval, AssertUnwindSafe(sweep(&shared)).catch_unwind()).await;
            let reason = match swept {
                Ok(Ok(Ok(()))) => None,
                Ok(Ok(Err(reason))) => Some(reason),
                Ok(Err(_)) => Some("it panicked".to_owned()),
                Err(_) => Some(format!("it took longer than {interval:?}")),
            };
            match &reason {
                Some(reason) if !failing => tracing::warn!(reason, "no jobs can be made from rows"),
                None if failing => tracing::info!("jobs are made from rows again"),
                _ => {}
            }
            failing = reason.is_some();
        }
        sleep(interval.clamp(HASTE, PACE)).await;
    }
}

async fn sweep<H: Handler>(shared: &Shared<H>) -> Result<(), String> {
    let items = shared.handler.sweep(shared.settings.sweep_size).await.map_err(|failure| failure.to_string())?;
    // One that does not fit must not keep the others.
    let fitting = items.iter().take(shared.settings.sweep_size).filter_map(|item| match Item::stored(item) {
        Ok(stored) => Some(stored),
        Err(error) => {
            tracing::error!(%error, "a row makes no job");
            None
        }
    });
    match shared.store().push(&fitting.collect::<Vec<_>>()).await {
        Ok(pushed) => {
            shared.queue.note(&pushed);
            Ok(())
        }
        // That is said already.
        Err(Error::Unavailable) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}
