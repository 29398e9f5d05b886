use async_graphql::SimpleObject;
use tidewater_cache::{Cache, GateStatistics};

use super::duration::DurationStatistics;
use super::object::float;

/// How the change log is polled.
#[derive(SimpleObject)]
pub(crate) struct PollStatistics {
    /// How many polls have begun.
    polls: f64,
    /// How many of them failed.
    failed: f64,
    /// How long they took, failed or not.
    latency: DurationStatistics,
    /// How many changes they saw.
    changes: f64,
    /// How often everything that was kept was given up, because the log did not continue where it was read to. Starting counts, too.
    restarts: f64,
    /// How often a request asked for a poll. Those that are not answered by the last one share the next.
    passes: f64,
    /// How long requests waited for a poll; those that did not have to are not in it.
    waits: DurationStatistics,
    /// Whether the last poll failed, so that strict reads fail.
    is_failing: bool,
    /// How many follow the changes: subscriptions, and sessions on WebSockets.
    followers: i32,
}

impl PollStatistics {
    pub(super) fn of(cache: &Cache) -> Self {
        let GateStatistics { polls, failed, latency, changes, restarts, passes, waits, .. } = cache.gate_statistics();
        Self {
            polls: float(polls),
            failed: float(failed),
            latency: latency.into(),
            changes: float(changes),
            restarts: float(restarts),
            passes: float(passes),
            waits: waits.into(),
            is_failing: cache.health().source.is_some(),
            followers: i32::try_from(cache.followers()).unwrap_or(i32::MAX),
        }
    }
}
