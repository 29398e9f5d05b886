//! What is done regularly, apart from requests.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sea_orm::DatabaseConnection;
use tidewater_changelog::Pruner;
use tidewater_entity::{cause, now, prune_idempotency_records, prune_sessions};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::chore_counters::{ChoreCounters, ChoreStatistics};
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

/// How what is done regularly goes.
#[derive(Debug)]
pub(crate) struct Chores {
    counters: [Arc<ChoreCounters>; 3],
    floor: Arc<Mutex<Instant>>,
    log_retention: Duration,
}

/// How the change log is pruned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogStatistics {
    /// How long ago that was visible up to which this process has pruned; or, before it has, how long it has been at it.
    pub(crate) floor_age: Duration,
    /// For how long changes are kept.
    pub(crate) retention: Duration,
}

impl Chores {
    /// Starts the chores. They end when their tasks are dropped. Any number of servers may do them at once.
    pub(crate) fn start(database: &DatabaseConnection, retention: Retention) -> (Self, JoinSet<()>) {
        let mut tasks = JoinSet::new();
        let Retention { log, unused_sessions, idempotency } = retention;
        let counters = ["change_log", "sessions", "idempotency_records"].map(|name| Arc::new(ChoreCounters::new(name)));
        let [of_log, of_sessions, of_records] = counters.clone();
        let floor = Arc::new(Mutex::new(Instant::now()));
        let pruned_to = Arc::clone(&floor);
        let mut pruner = Pruner::new(database.clone(), log);
        tasks.spawn(regularly("the change log", of_log, log, async move || {
            let pruned = pruner.run_once().await.map_err(|error| one_line(&error));
            if let Some(moment) = pruner.pruned_to() {
                *pruned_to.lock() = moment;
            }
            pruned
        }));
        let sessions = database.clone();
        tasks.spawn(regularly("sessions that are over", of_sessions, unused_sessions, async move || {
            prune_sessions(&sessions, now(), unused_sessions).await.map_err(|error| cause(&error))
        }));
        let records = database.clone();
        tasks.spawn(regularly("records of mutations", of_records, idempotency, async move || {
            prune_idempotency_records(&records, now(), idempotency).await.map_err(|error| cause(&error))
        }));
        (Self { counters, floor, log_retention: log }, tasks)
    }

    /// How each has gone.
    pub(crate) fn statistics(&self) -> Vec<ChoreStatistics> {
        self.counters.iter().map(|counters| counters.read()).collect()
    }

    /// How the change log is pruned.
    pub(crate) fn log(&self) -> LogStatistics {
        LogStatistics { floor_age: self.floor.lock().elapsed(), retention: self.log_retention }
    }
}

/// Prunes each minute, or more often where things are kept for minutes only. A failure is logged when it begins and when it is over,
/// not each time.
async fn regularly(
    what: &'static str,
    counters: Arc<ChoreCounters>,
    retention: Duration,
    mut prune: impl AsyncFnMut() -> Result<u64, String>,
) {
    let mut ticks = interval((retention / 8).clamp(SHORTEST, LONGEST));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_failing = false;
    loop {
        ticks.tick().await;
        let begun = Instant::now();
        let result = timeout(LONGEST, prune()).await.unwrap_or_else(|_| Err("it took longer than a minute".to_owned()));
        counters.count(begun.elapsed(), &result);
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
