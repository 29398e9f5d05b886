use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::Shared;
use crate::Handler;
use crate::entry_id::EntryId;

/// How often the queue is tended at least, so that another node's jobs are not much late.
const PACE: Duration = Duration::from_millis(500);
/// How often at most, however much is due.
const HASTE: Duration = Duration::from_millis(2);

/// Keeps what runs, queues what is due, takes back what was left, and asks for what recurs. Goes on while the worker drains.
pub(super) async fn tend<H: Handler>(shared: Arc<Shared<H>>) {
    let pace = PACE.min(shared.settings.visibility_timeout / 6);
    let mut extended = Instant::now();
    loop {
        if extended.elapsed() >= shared.settings.visibility_timeout / 3 && extend(&shared).await {
            extended = Instant::now();
        }
        // Without an answer, there is nothing to be done but to ask again.
        let next = shared.store().upkeep(&shared.rules()).await.ok().flatten();
        if !shared.recurring.is_empty() {
            let _ = shared.store().tick(&shared.recurring).await;
        }
        sleep(next.unwrap_or(pace).clamp(HASTE, pace.max(HASTE))).await;
    }
}

/// Says that what runs here is worked on. Answers whether that was heard.
async fn extend<H: Handler>(shared: &Shared<H>) -> bool {
    let running: Vec<EntryId> = shared.running.lock().iter().copied().collect();
    running.is_empty() || shared.store().extend(&shared.node, &running).await.is_ok()
}
