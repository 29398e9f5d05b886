use std::fmt;
use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject, async_trait};
use chrono::{DateTime, Utc};

use super::object::cost;
use crate::{Error, validation};

/// The queue of background jobs, as far as whoever looks after the server may see and touch it.
#[async_trait::async_trait]
pub trait BackgroundJobs: fmt::Debug + Send + Sync {
    /// How many jobs are where.
    ///
    /// # Errors
    /// `UNAVAILABLE` while the queue cannot be asked; so with the others.
    async fn lengths(&self) -> Result<JobLengths, Error>;

    /// The jobs that were given up, the latest first; at most so many.
    async fn dead(&self, most: usize) -> Result<Vec<DeadJob>, Error>;

    /// Queues dead jobs of these names again. Answers how many there were.
    async fn retry(&self, names: &[String]) -> Result<usize, Error>;
}

/// How many jobs are where, on all servers together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobLengths {
    /// Waiting for a worker.
    pub queued: u64,
    /// Held by a worker.
    pub running: u64,
    /// Waiting for their time.
    pub scheduled: u64,
    /// Given up.
    pub dead: u64,
}

/// A job that was given up.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject)]
pub struct DeadJob {
    /// What it is called.
    pub name: String,
    /// How many attempts there have been.
    pub attempts: i32,
    /// When it was given up.
    pub died_at: DateTime<Utc>,
}

/// No jobs at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoJobs;

#[async_trait::async_trait]
impl BackgroundJobs for NoJobs {
    async fn lengths(&self) -> Result<JobLengths, Error> {
        Ok(JobLengths::default())
    }

    async fn dead(&self, _: usize) -> Result<Vec<DeadJob>, Error> {
        Ok(Vec::new())
    }

    async fn retry(&self, _: &[String]) -> Result<usize, Error> {
        Ok(0)
    }
}

/// The background jobs.
pub(crate) struct JobStatistics;

/// How many jobs are where.
#[derive(SimpleObject)]
pub(crate) struct JobCounts {
    /// Waiting for a worker.
    queued: i32,
    /// Held by a worker.
    running: i32,
    /// Waiting for their time, first or after a failure.
    scheduled: i32,
    /// Given up, and kept to be looked at.
    dead: i32,
}

/// The background jobs.
#[Object]
impl JobStatistics {
    /// How many are where.
    async fn counts(&self, context: &Context<'_>) -> Result<JobCounts, Error> {
        let JobLengths { queued, running, scheduled, dead } = jobs(context)?.lengths().await?;
        let number = |length: u64| i32::try_from(length).unwrap_or(i32::MAX);
        let (queued, running, scheduled, dead) = (number(queued), number(running), number(scheduled), number(dead));
        Ok(JobCounts { queued, running, scheduled, dead })
    }

    /// Those that were given up, the latest first. Why is told by `tidewater jobs dead`.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn dead(
        &self,
        context: &Context<'_>,
        #[graphql(default = 20, desc = "How many at most, 1 to 200.")] first: i32,
    ) -> Result<Vec<DeadJob>, Error> {
        jobs(context)?.dead(validation::count("first", first, 200)?).await
    }
}

/// The queue of the server that answers.
pub(super) fn jobs<'a>(context: &Context<'a>) -> Result<&'a dyn BackgroundJobs, Error> {
    let jobs = context.data::<Arc<dyn BackgroundJobs>>().map_err(|_| Error::internal("a schema without jobs"))?;
    Ok(&**jobs)
}
