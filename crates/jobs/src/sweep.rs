use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use tidewater_entity::{export, todo};
use uuid::Uuid;

use crate::{Context, Error, Job, clock};

/// How long before its time a job is found.
pub const HORIZON: Duration = Duration::from_secs(60);

/// A job, and when it is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheduled {
    /// What is to be done.
    pub job: Job,
    /// When, by the clock of the database. Done earlier, it does nothing, and a later sweep finds it again.
    pub at: DateTime<Utc>,
}

/// What the rows say is to be done now or within the [`HORIZON`]: at most `limit`, the most urgent first.
///
/// # Errors
/// When the database fails.
pub async fn sweep(context: &Context, limit: u64) -> Result<Vec<Scheduled>, Error> {
    let database = &context.database;
    let until = clock::now(database).await? + HORIZON;
    let reminders: Vec<(Uuid, DateTime<Utc>)> = todo::Entity::awaiting_reminder()
        .filter(todo::Column::RemindAt.lte(until))
        .select_only()
        .columns([todo::Column::Id, todo::Column::RemindAt])
        .order_by_asc(todo::Column::RemindAt)
        .limit(limit)
        .into_tuple()
        .all(database)
        .await?;
    let exports: Vec<(Uuid, DateTime<Utc>)> = export::Entity::unfinished()
        .select_only()
        .columns([export::Column::Id, export::Column::CreatedAt])
        .order_by_asc(export::Column::CreatedAt)
        .limit(limit)
        .into_tuple()
        .all(database)
        .await?;
    let reminders = reminders.into_iter().map(|(todo, at)| Scheduled { job: Job::Remind { todo, at }, at });
    let exports = exports.into_iter().map(|(export, at)| Scheduled { job: Job::Export { export }, at });
    let mut found: Vec<Scheduled> = reminders.chain(exports).collect();
    found.sort_by_key(|scheduled| scheduled.at);
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(found)
}
