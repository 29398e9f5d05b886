use std::time::SystemTime;

use humantime::format_rfc3339_seconds;
use tidewater_queue::{Lengths, Letter, Listed, Place};

use crate::cli::JobsAction;
use crate::configuration::Configuration;
use crate::error::Error;
use crate::jobs::{open_shared, queue_failed};
use crate::output::print;

/// Lists the jobs in Redis, or queues dead ones again, and says on standard output what there is or was.
pub(crate) async fn jobs(configuration: &Configuration, action: JobsAction) -> Result<(), Error> {
    let queue = open_shared(configuration).await?;
    let text = match action {
        JobsAction::List { limit } => {
            let lengths = queue.lengths().await.map_err(queue_failed)?;
            let listed = queue.list(limit.into()).await.map_err(queue_failed)?;
            summary(lengths) + &listed.iter().map(line).collect::<String>()
        }
        JobsAction::Dead { limit } => {
            let letters = queue.letters(limit.into()).await.map_err(queue_failed)?;
            letters.iter().map(paragraph).collect()
        }
        JobsAction::Retry { names, all } => {
            let retried = if all { queue.retry_all().await } else { queue.retry(&names).await };
            let retried = retried.map_err(queue_failed)?;
            let plural = if retried == 1 { "" } else { "s" };
            format!("{retried} dead job{plural} queued again\n")
        }
    };
    print(&text)
}

fn summary(Lengths { queued, running, scheduled, dead }: Lengths) -> String {
    format!("{queued} queued, {running} running, {scheduled} scheduled, {dead} dead\n")
}

fn line(Listed { place, name, attempts, at, job }: &Listed) -> String {
    let place = match place {
        Place::Queued => "queued",
        Place::Running => "running",
        Place::Scheduled => "scheduled",
    };
    format!("{place:9}  {}  {}  {attempts} failed  {}\n", time(*at), printable(name), printable(job))
}

fn paragraph(Letter { name, attempts, at, reason, job }: &Letter) -> String {
    let [name, reason, job] = [name, reason, job].map(|text| printable(text));
    format!("{}  {name}  {attempts} failed: {reason}\n    {job}\n", time(*at))
}

fn time(time: SystemTime) -> String {
    // The text of a time that is further away than a calendar goes cannot be made.
    let latest = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(253_402_300_799);
    format_rfc3339_seconds(time.min(latest)).to_string()
}

/// What may have come from anywhere must not drive a terminal.
fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}
