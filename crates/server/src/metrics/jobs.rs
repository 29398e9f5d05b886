//! Background jobs.

use std::fmt;

use tidewater_queue::{Counts, Lengths};

use super::exposition::Exposition;
use crate::jobs::Queue;

pub(super) fn tell(to: &mut Exposition<'_>, queue: &Queue, lengths: Option<&Lengths>) -> fmt::Result {
    let states = lengths.map(|Lengths { queued, running, scheduled, dead }| {
        [("queued", *queued), ("running", *running), ("scheduled", *scheduled), ("dead", *dead)]
    });
    to.gauges(
        "tidewater_jobs",
        "Jobs of all processes together, by their state; absent while the queue does not answer.",
        states.into_iter().flatten().map(|(state, count)| ([("state", state)], count)),
    )?;
    to.gauge("tidewater_jobs_queue_up", "1 if the queue of jobs answers.", u32::from(lengths.is_some()))?;
    let Counts { done, failed, died } = queue.counts();
    to.counter("tidewater_jobs_done", "Jobs that this process has done.", done)?;
    to.counter(
        "tidewater_job_failures",
        "Attempts at jobs that failed in this process, the last ones included.",
        failed,
    )?;
    to.counter("tidewater_jobs_died", "Jobs that this process has given up.", died)?;
    to.histogram(
        "tidewater_job_duration_seconds",
        "How long attempts at jobs took in this process, however they ended.",
        &queue.durations(),
    )
}
