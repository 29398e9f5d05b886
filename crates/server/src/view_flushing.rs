//! The regular flushing of counted views into the database.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::{DatabaseConnection, DbErr};
use tidewater_counter::Counter;
use tidewater_graphql::flush_views;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use crate::chore_counters::ChoreCounters;

/// How long one flush may take. What it does not get done, a later one does.
const LONGEST: Duration = Duration::from_secs(30);

/// How long the last one may take.
const LAST: Duration = Duration::from_secs(5);

/// How often what is not needed any more is forgotten.
const PRUNING: Duration = Duration::from_secs(60 * 60);

/// Flushes at every interval, and early when much is open, until it is dropped. A failure is logged when it begins and when it is over,
/// not each time.
pub(crate) async fn flush_regularly(
    counter: Counter,
    database: DatabaseConnection,
    every: Duration,
    counters: Arc<ChoreCounters>,
) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failing = false;
    let mut pruned: Option<Instant> = None;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            // A database that does not take what there is would be asked with every view.
            () = counter.filling(), if !failing => {}
        }
        let begun = Instant::now();
        let mut result = bounded(LONGEST, flush_views(&counter, &database)).await;
        if result.is_ok() && pruned.is_none_or(|at| at.elapsed() >= PRUNING) {
            result = bounded(LONGEST, tidewater_entity::views::prune(&database)).await;
            pruned = Some(Instant::now());
        }
        counters.count(begun.elapsed(), &result.as_ref().map(|()| 0));
        match result {
            Ok(()) => {
                if failing {
                    tracing::info!("views are brought into the database again");
                }
                failing = false;
            }
            Err(reason) => {
                if !failing {
                    tracing::warn!("views cannot be brought into the database and wait: {reason}");
                }
                failing = true;
            }
        }
    }
}

/// Flushes what is there when the program ends.
pub(crate) async fn flush_last(counter: &Counter, database: &DatabaseConnection) {
    if let Err(reason) = bounded(LAST, flush_views(counter, database)).await {
        tracing::warn!("views could not be brought into the database at the end: {reason}");
    }
}

/// Does `work` if it does not take longer. The error is a sentence.
async fn bounded(longest: Duration, work: impl Future<Output = Result<(), DbErr>>) -> Result<(), String> {
    match timeout(longest, work).await {
        Ok(result) => result.map_err(|error| tidewater_entity::cause(&error)),
        Err(_) => Err(format!("it took longer than {longest:?}")),
    }
}
