//! What is done regularly, apart from requests.

use std::time::Duration;

use sea_orm::DatabaseConnection;
use tidewater_changelog::Pruner;
use tidewater_entity::{cause, now, prune_idempotency_records, prune_sessions};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::error::one_line;

const LONGEST: Duration = Duration::from_secs(60);
const SHORTEST: Duration = Duration::from_millis(100);

/// For how long things are kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Retention {
    /// What the change log tells.
    pub(crate) log: Duration,
    /// Sessions that nobody uses.
    pub(crate) unused_sessions: Duration,
    /// What mutations did that may be sent again.
    pub(crate) idempotency: Duration,
}

/// Starts the chores. They end when they are dropped. Any number of servers may do them at once.
pub(crate) fn start(database: &DatabaseConnection, retention: Retention) -> JoinSet<()> {
    let mut chores = JoinSet::new();
    let Retention { log, unused_sessions, idempotency } = retention;
    let mut pruner = Pruner::new(database.clone(), log);
    chores.spawn(regularly("the change log", log, async move || {
        pruner.run_once().await.map_err(|error| one_line(&error))
    }));
    let of_sessions = database.clone();
    chores.spawn(regularly("sessions that are over", unused_sessions, async move || {
        prune_sessions(&of_sessions, now(), unused_sessions).await.map_err(|error| cause(&error))
    }));
    let of_records = database.clone();
    chores.spawn(regularly("records of mutations", idempotency, async move || {
        prune_idempotency_records(&of_records, now(), idempotency).await.map_err(|error| cause(&error))
    }));
    chores
}

/// Prunes each minute, or more often where things are kept for minutes only. A failure is logged when it begins and when it is over,
/// not each time.
async fn regularly(what: &'static str, retention: Duration, mut prune: impl AsyncFnMut() -> Result<u64, String>) {
    let mut ticks = interval((retention / 8).clamp(SHORTEST, LONGEST));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_failing = false;
    loop {
        ticks.tick().await;
        let result = timeout(LONGEST, prune()).await.unwrap_or_else(|_| Err("it took longer than a minute".to_owned()));
        match result {
            Ok(deleted) => {
                if is_failing {
                    tracing::info!("pruning again: {what}");
                }
                if deleted > 0 {
                    tracing::debug!(deleted, "pruned: {what}");
                }
                is_failing = false;
            }
            Err(reason) => {
                if !is_failing {
                    tracing::warn!("cannot be pruned, and more and more: {what}: {reason}");
                }
                is_failing = true;
            }
        }
    }
}
