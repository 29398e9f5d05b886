//! Background jobs: the queue that they wait in, and who runs them. What each does is the business of `tidewater-jobs`.
//!
//! Pruning the change log and sessions is none of them: it must go on while Redis is gone, does no harm when several servers do it, and
//! so stays a loop of each server (see `chores`).

use std::time::{Duration, SystemTime};

use async_graphql::async_trait::async_trait;
use sea_orm::DatabaseConnection;
use tidewater_graphql::{BackgroundJobs, DeadJob, JobLengths, Wake};
use tidewater_jobs::{Context, Job, Scheduled, chores};
use tidewater_queue::{Counts, Failure, Handler, Item, Lengths, Letter, Recurring, Settings, Worker};
use tokio::sync::mpsc;

use crate::configuration::Configuration;
use crate::error::{Error, one_line};
use crate::shutdown::Signals;

/// How many jobs wait to be queued at most. What has no room is found by the next sweep.
const WAITING: usize = 1_024;

/// The queue of this program's jobs.
pub(crate) type Queue = tidewater_queue::Queue<Job>;

/// Does what is queued, and finds what should be.
struct Jobs(Context);

impl Handler for Jobs {
    type Job = Job;

    async fn run(&self, job: Job) -> Result<(), Failure> {
        tidewater_jobs::run(&self.0, job).await.map_err(|error| Failure::passing(one_line(&error)))
    }

    async fn sweep(&self, most: usize) -> Result<Vec<Item<Job>>, Failure> {
        let found = tidewater_jobs::sweep(&self.0, most as u64).await;
        let found = found.map_err(|error| Failure::passing(one_line(&error)))?;
        Ok(found.into_iter().map(item).collect())
    }

    fn recurring(&self) -> Vec<Recurring<Job>> {
        let recurring = |chore: tidewater_jobs::Chore| Recurring {
            name: chore.name.to_owned(),
            job: chore.job,
            every: chore.every,
        };
        chores().into_iter().map(recurring).collect()
    }
}

/// Queues jobs as they come to be, behind the answers of those who made them.
#[derive(Debug)]
pub(crate) struct Pushing(mpsc::Sender<Scheduled>);

impl Pushing {
    /// Pushes to `queue` in the background, until this is dropped.
    pub(crate) fn start(queue: Queue) -> Self {
        let (sender, mut waiting) = mpsc::channel(WAITING);
        tokio::spawn(async move {
            let mut scheduled = Vec::new();
            while waiting.recv_many(&mut scheduled, WAITING).await > 0 {
                let items: Vec<_> = scheduled.drain(..).map(item).collect();
                // The queue says itself that it cannot be reached, and the rows say what is to be done.
                let _ = queue.push(&items).await;
            }
        });
        Self(sender)
    }
}

impl Wake for Pushing {
    fn wake(&self, job: Scheduled) {
        let _ = self.0.try_send(job);
    }
}

/// The queue, for whoever looks after the server.
#[derive(Debug)]
pub(crate) struct Overseen(pub(crate) Queue);

#[async_trait]
impl BackgroundJobs for Overseen {
    async fn lengths(&self) -> Result<JobLengths, tidewater_graphql::Error> {
        let Lengths { queued, running, scheduled, dead } = self.0.lengths().await.map_err(unavailable)?;
        Ok(JobLengths { queued, running, scheduled, dead })
    }

    async fn dead(&self, most: usize) -> Result<Vec<DeadJob>, tidewater_graphql::Error> {
        let letters = self.0.letters(most).await.map_err(unavailable)?;
        let dead = letters.into_iter().map(|Letter { name, attempts, at, .. }| DeadJob {
            name,
            attempts: i32::try_from(attempts).unwrap_or(i32::MAX),
            died_at: at.into(),
        });
        Ok(dead.collect())
    }

    async fn retry(&self, names: &[String]) -> Result<usize, tidewater_graphql::Error> {
        self.0.retry(names).await.map_err(unavailable)
    }
}

/// The queue says itself why it cannot be asked.
fn unavailable(_: tidewater_queue::Error) -> tidewater_graphql::Error {
    tidewater_graphql::Error::Unavailable
}

fn item(Scheduled { job, at }: Scheduled) -> Item<Job> {
    // The queue counts in milliseconds. What came a part of one too early would do nothing, and wait for the next sweep.
    Item::at(SystemTime::from(at) + Duration::from_millis(1), job.name(), job)
}

/// Opens the queue: in Redis if there is one, and else in this process.
pub(crate) async fn open(configuration: &Configuration) -> Result<Queue, Error> {
    let redis = configuration.redis.settings()?;
    Queue::open(Settings { redis, ..Settings::default() }).await.map_err(queue_failed)
}

/// Opens the queue for a command that makes no sense without Redis.
pub(crate) async fn open_shared(configuration: &Configuration) -> Result<Queue, Error> {
    if configuration.redis.settings()?.is_none() {
        let reason = "without Redis, jobs are in the memory of the server, which runs them itself; set REDIS_URL";
        return Err(Error::Configuration(reason.to_owned()));
    }
    open(configuration).await
}

/// Starts to run what is in the queue, on that database.
pub(crate) fn start(
    queue: &Queue,
    database: &DatabaseConnection,
    configuration: &Configuration,
) -> Result<Worker, Error> {
    let context = Context::new(database.clone(), configuration.exports.export_retention);
    Worker::start(queue, Jobs(context), configuration.jobs.settings()).map_err(queue_failed)
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
