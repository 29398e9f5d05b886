use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Item;

/// What is done with jobs.
///
/// A job may be run more than once, and by two workers at a time: after a crash, a pause that outlasts the visibility timeout, a
/// Redis that was emptied. So what it does is to come to the same, done once or twice. What it is to do is to be read from the rows
/// when it runs: where they have changed meanwhile, and there is nothing to do yet or any more, it is done.
pub trait Handler: Send + Sync + 'static {
    /// What is to be done, as JSON in the queue. A kind of job that a version does not know goes to its dead letters.
    type Job: Serialize + DeserializeOwned + Send + 'static;

    /// Does a job. It is dropped at an await when it takes too long, and when the worker has to end. A panic is a failure.
    fn run(&self, job: Self::Job) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Makes jobs from the rows that stand for them: at most `most` of those that are due, or will be before the next sweep,
    /// the most urgent first. Those that are queued already are left alone. By default there are none.
    fn sweep(&self, most: usize) -> impl Future<Output = Result<Vec<Item<Self::Job>>, Failure>> + Send {
        let _ = most;
        async { Ok(Vec::new()) }
    }

    /// What is to be done regularly. By default nothing.
    fn recurring(&self) -> Vec<Recurring<Self::Job>> {
        Vec::new()
    }
}

/// A job that is queued regularly, once for all nodes: each time that the clock of Redis passes a multiple of `every`, and at once
/// where that has never happened. A time at which it is still queued or running is passed over, and so is one at which no worker
/// was there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recurring<J> {
    /// What it is called; see [`Item::name`].
    pub name: String,
    /// What is to be done.
    pub job: J,
    /// How often. At least a millisecond.
    pub every: Duration,
}

/// Why a job was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It may succeed later, and is tried again if attempts are left.
    #[error("{0}")]
    Passing(String),
    /// It can never succeed, and goes to the dead letters.
    #[error("{0}")]
    Lasting(String),
}

impl Failure {
    /// A failure that may pass, of which `error` is the reason.
    pub fn passing(error: impl std::fmt::Display) -> Self {
        Self::Passing(error.to_string())
    }

    /// A failure that does not pass, of which `error` is the reason.
    pub fn lasting(error: impl std::fmt::Display) -> Self {
        Self::Lasting(error.to_string())
    }
}
