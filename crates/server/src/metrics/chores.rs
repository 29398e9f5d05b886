//! What a server does regularly: prune, and bring counted views into the database.

use std::fmt;
use std::time::UNIX_EPOCH;

use super::exposition::Exposition;
use crate::chore_counters::{ChoreCounters, ChoreStatistics};
use crate::chores::{Chores, LogStatistics};

const CHORE: &str = "chore";

pub(super) fn tell(to: &mut Exposition<'_>, chores: &Chores, flushing: &ChoreCounters) -> fmt::Result {
    let pruning = chores.statistics();
    let all: Vec<ChoreStatistics> = pruning.iter().cloned().chain([flushing.read()]).collect();
    to.histograms(
        "tidewater_chore_duration_seconds",
        "How long what is done regularly took each time, done or not: pruning of three kinds, and flushing counted views.",
        all.iter().map(|chore| ([(CHORE, chore.name)], &chore.latency)),
    )?;
    to.counters(
        "tidewater_chore_failures",
        "How often it could not be done.",
        all.iter().map(|chore| ([(CHORE, chore.name)], chore.failed)),
    )?;
    let done = all.iter().filter_map(|chore| {
        let done_at = chore.done_at?.duration_since(UNIX_EPOCH).ok()?;
        Some(([(CHORE, chore.name)], done_at.as_secs_f64()))
    });
    to.gauges("tidewater_chore_done_timestamp_seconds", "When it was last done, in seconds since 1970.", done)?;
    to.counters(
        "tidewater_chore_rows",
        "Rows that it has deleted.",
        pruning.iter().map(|chore| ([(CHORE, chore.name)], chore.rows)),
    )?;
    let LogStatistics { floor_age, retention } = chores.log();
    to.gauge(
        "tidewater_change_log_floor_age_seconds",
        "How long ago that was visible up to which this process has pruned the change log; before it has, how long it has been running.",
        floor_age.as_secs_f64(),
    )?;
    to.gauge(
        "tidewater_change_log_retention_seconds",
        "For how long changes are kept (TIDEWATER_LOG_RETENTION).",
        retention.as_secs_f64(),
    )
}
