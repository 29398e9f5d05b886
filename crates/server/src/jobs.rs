//! Background jobs: which there are, the queue that they wait in, and who runs them.
//!
//! Pruning the change log is none of them: it must go on while Redis is gone, does no harm when several servers do it, and so stays a
//! loop of each server (see `pruning`).

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidewater_queue::{Counts, Failure, Handler, RedisSettings, Settings, Worker};

use crate::configuration::Configuration;
use crate::error::{Error, one_line};
use crate::shutdown::Signals;

/// The queue of this program's jobs.
pub(crate) type Queue = tidewater_queue::Queue<Job>;

/// What is done in the background. There is nothing yet; what is found in the queue all the same is another version's.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Job {}

/// Does it.
struct Jobs;

impl Handler for Jobs {
    type Job = Job;

    async fn run(&self, job: Job) -> Result<(), Failure> {
        match job {}
    }
}

/// Opens the queue: in Redis if there is one, and else in this process.
pub(crate) async fn open(configuration: &Configuration) -> Result<Queue, Error> {
    let Configuration { redis, .. } = configuration;
    let redis = redis.url().map_err(Error::Configuration)?.map(|url| RedisSettings {
        prefix: redis.redis_key_prefix.clone(),
        command_timeout: redis.redis_timeout,
        ..RedisSettings::new(url)
    });
    Queue::open(Settings { redis, ..Settings::default() }).await.map_err(queue_failed)
}

/// Opens the queue for a command that makes no sense without Redis.
pub(crate) async fn open_shared(configuration: &Configuration) -> Result<Queue, Error> {
    if configuration.redis.url().map_err(Error::Configuration)?.is_none() {
        let reason = "without Redis, jobs are in the memory of the server, which runs them itself; set REDIS_URL";
        return Err(Error::Configuration(reason.to_owned()));
    }
    open(configuration).await
}

/// Starts to run what is in the queue.
pub(crate) fn start(queue: &Queue, configuration: &Configuration) -> Result<Worker, Error> {
    Worker::start(queue, Jobs, configuration.jobs.settings()).map_err(queue_failed)
}

/// Lets the worker work until a signal comes. Then it takes no more, and what it has begun may end, for at most `grace` or until the
/// next signal.
pub(crate) async fn work(worker: Worker, mut signals: Signals, grace: Duration) {
    signals.next().await;
    tokio::select! {
        given_back = worker.drain(grace) => {
            if given_back > 0 {
                tracing::warn!(given_back, "jobs that were still under way are left to others");
            }
        }
        () = signals.next() => {}
    }
}

/// Logs what this process has done.
pub(crate) fn report(queue: &Queue) {
    let Counts { done, failed, died } = queue.counts();
    tracing::info!(done, failed, died, "what was done in the background");
}

/// What the queue's failure is to the one who started the program.
pub(crate) fn queue_failed(error: tidewater_queue::Error) -> Error {
    match error {
        tidewater_queue::Error::RedisUrl(reason) => Error::bad_redis_url(&reason),
        tidewater_queue::Error::Unavailable => Error::Queue("Redis does not answer".to_owned()),
        tidewater_queue::Error::Unfit { .. } => Error::Queue(one_line(&error)),
    }
}
