//! How the change log is polled, and who waits for that.

use std::fmt;

use tidewater_cache::{Cache, GateStatistics};

use super::exposition::Exposition;

pub(super) fn tell(to: &mut Exposition<'_>, cache: &Cache) -> fmt::Result {
    let GateStatistics { polls, failed, latency, changes, restarts, passes, waits, stale } = cache.gate_statistics();
    to.counter("tidewater_polls", "Polls of the change log that have begun.", polls)?;
    to.counter("tidewater_poll_failures", "Polls that failed.", failed)?;
    to.histogram("tidewater_poll_duration_seconds", "How long polls took, failed or not.", &latency)?;
    to.counter("tidewater_poll_changes", "Changes that polls saw.", changes)?;
    to.counter(
        "tidewater_poll_restarts",
        "How often everything kept was given up, because the change log did not continue where it was read to; starting counts, too.",
        restarts,
    )?;
    to.gauge(
        "tidewater_change_log_up",
        "1 if the last poll succeeded. While it is 0, strict reads fail.",
        u32::from(cache.health().source.is_none()),
    )?;
    to.counter("tidewater_gate_passes", "How often a request asked for a poll; many share one.", passes)?;
    to.histogram(
        "tidewater_gate_wait_seconds",
        "How long requests waited for a poll; those that did not have to are not in it.",
        &waits,
    )?;
    to.counter(
        "tidewater_stale_reads",
        "How often a read had leave to be answered from before, because the database could not be asked (stale_if_error).",
        stale,
    )?;
    to.gauge(
        "tidewater_followers",
        "Who follows the changes: subscriptions, and sessions on sockets.",
        cache.followers(),
    )
}
