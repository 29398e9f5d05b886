//! The regular pruning of the change log.

use std::time::Duration;

use tidewater_changelog::Pruner;
use tokio::time::{MissedTickBehavior, interval, timeout};

const LONGEST: Duration = Duration::from_secs(60);
const SHORTEST: Duration = Duration::from_millis(100);

/// Prunes each minute, or more often where the log is kept for minutes only, until it is dropped. A failure is logged when it
/// begins and when it is over, not each time.
pub(crate) async fn prune_regularly(mut pruner: Pruner, retention: Duration) {
    let mut ticks = interval((retention / 8).clamp(SHORTEST, LONGEST));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        ticks.tick().await;
        let result = match timeout(LONGEST, pruner.run_once()).await {
            Ok(Ok(deleted)) => Ok(deleted),
            Ok(Err(error)) => Err(crate::error::one_line(&error)),
            Err(_) => Err("it took longer than a minute".to_owned()),
        };
        match result {
            Ok(deleted) => {
                if failing {
                    tracing::info!("the change log is pruned again");
                }
                if deleted > 0 {
                    tracing::debug!(deleted, "pruned the change log");
                }
                failing = false;
            }
            Err(reason) => {
                if !failing {
                    tracing::warn!("the change log cannot be pruned and grows: {reason}");
                }
                failing = true;
            }
        }
    }
}
