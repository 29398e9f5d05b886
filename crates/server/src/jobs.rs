//! Background jobs: the queue that they wait in, and who runs them. What each does is the business of `tidewater-jobs`.
//!
//! Pruning the change log and sessions is none of them: it must go on while Redis is gone, does no harm when several servers do it, and
//! so stays a loop of each server (see `chores`).

use std::time::{Duration, SystemTime};

use async_graphql::async_trait::async_trait;
use sea_orm::DatabaseConnection;
use serde::{Deserialize, Serialize};
use tidewater_graphql::{BackgroundJobs, DeadJob, JobLengths, Wake};
use tidewater_jobs::{Context, Job, Scheduled, chores};
use tidewater_queue::{Counts, Failure, Handler, Item, Lengths, Letter, Recurring, Settings, Worker};
use tokio::sync::mpsc;
use tracing::{Instrument, Span, field};

use crate::configuration::Configuration;
use crate::error::{Error, one_line};
use crate::shutdown::Signals;
use crate::telemetry::{Carried, Decision, Place, ROOT, Tracer};

/// How many jobs wait to be queued at most. What has no room is found by the next sweep.
const WAITING: usize = 1_024;

/// The queue of this program's jobs.
pub(crate) type Queue = tidewater_queue::Queue<Queued>;

/// What the queue is called in traces.
const DESTINATION: &str = "jobs";

/// A job as it waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Queued {
    /// Of a request that is traced.
    Traced {
        /// What is to be done.
        job: Job,
        /// Where in the trace it was queued.
        origin: Carried,
    },
    /// Any other.
    Plain(Job),
}

/// Does what is queued, and finds what should be.
struct Jobs {
    context: Context,
    tracer: Tracer,
}

impl Handler for Jobs {
    type Job = Queued;

    async fn run(&self, queued: Queued) -> Result<(), Failure> {
        let (job, origin) = queued.parts();
        let decision = self.tracer.decide_after(origin.as_ref());
        let kind = job.kind();
        let span = decision.span(|| span(kind, origin.as_ref()));
        let log_span = span.in_scope(|| log_span(kind, &decision, &span));
        let ended = tidewater_jobs::run(&self.context, job).instrument(log_span).instrument(span.clone()).await;
        if ended.is_err() {
            span.record("otel.status_code", "ERROR");
        }
        ended.map_err(failure)
    }

    async fn sweep(&self, most: usize) -> Result<Vec<Item<Queued>>, Failure> {
        let found = tidewater_jobs::sweep(&self.context, most as u64).await.map_err(failure)?;
        Ok(found.into_iter().map(|scheduled| item(scheduled, None)).collect())
    }

    fn recurring(&self) -> Vec<Recurring<Queued>> {
        let recurring = |chore: tidewater_jobs::Chore| Recurring {
            name: chore.name.to_owned(),
            job: Queued::Plain(chore.job),
            every: chore.every,
        };
        chores().into_iter().map(recurring).collect()
    }
}

impl Queued {
    fn parts(self) -> (Job, Option<Carried>) {
        match self {
            Self::Traced { job, origin } => (job, Some(origin)),
            Self::Plain(job) => (job, None),
        }
    }
}

/// What a trace tells of an attempt at a job, by the conventions for messages.
fn span(kind: &'static str, origin: Option<&Carried>) -> Span {
    let span = tracing::debug_span!(
        target: ROOT,
        "job",
        otel.name = format!("process {kind}"),
        otel.kind = "consumer",
        otel.status_code = field::Empty,
        messaging.system = "tidewater",
        messaging.destination.name = DESTINATION,
        messaging.operation.name = "process",
        "messaging.operation.type" = "process",
        tidewater.job = kind,
    );
    if let Some(origin) = origin {
        origin.link(&span);
    }
    span
}

/// What log records of an attempt are written in.
fn log_span(kind: &'static str, decision: &Decision, span: &Span) -> Span {
    match decision.place(span) {
        Some(Place { trace, span: Some(span) }) => {
            tracing::error_span!("job", job = kind, trace_id = %trace, span_id = %span)
        }
        _ => tracing::error_span!("job", job = kind),
    }
}

/// Queues jobs as they come to be, behind the answers of those who made them.
#[derive(Debug)]
pub(crate) struct Pushing(mpsc::Sender<Waiting>);

/// A job that is to be queued, and what a trace tells of that, from when it comes to be until it is queued.
type Waiting = (Scheduled, Span);

impl Pushing {
    /// Pushes to `queue` in the background, until this is dropped.
    pub(crate) fn start(queue: Queue) -> Self {
        let (sender, mut waiting) = mpsc::channel(WAITING);
        tokio::spawn(async move {
            let mut scheduled = Vec::new();
            while waiting.recv_many(&mut scheduled, WAITING).await > 0 {
                let (items, spans): (Vec<_>, Vec<_>) =
                    scheduled.drain(..).map(|(scheduled, span)| (item(scheduled, Carried::of(&span)), span)).unzip();
                // The queue says itself that it cannot be reached, and the rows say what is to be done.
                let _ = queue.push(&items).await;
                drop(spans);
            }
        });
        Self(sender)
    }
}

impl Wake for Pushing {
    fn wake(&self, job: Scheduled) {
        let kind = job.job.kind();
        let span = tracing::debug_span!(
            "enqueue",
            otel.name = field::Empty,
            otel.kind = "producer",
            messaging.system = "tidewater",
            messaging.destination.name = DESTINATION,
            messaging.operation.name = "send",
            "messaging.operation.type" = "send",
            tidewater.job = kind,
        );
        if !span.is_disabled() {
            span.record("otel.name", format!("send {kind}"));
        }
        let _ = self.0.try_send((job, span));
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

fn item(Scheduled { job, at }: Scheduled, origin: Option<Carried>) -> Item<Queued> {
    let name = job.name();
    let queued = match origin {
        Some(origin) => Queued::Traced { job, origin },
        None => Queued::Plain(job),
    };
    // The queue counts in milliseconds. What came a part of one too early would do nothing, and wait for the next sweep.
    Item::at(SystemTime::from(at) + Duration::from_millis(1), name, queued)
}

fn failure(error: tidewater_jobs::Error) -> Failure {
    Failure::passing(one_line(&error))
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
    tracer: Tracer,
    configuration: &Configuration,
) -> Result<Worker, Error> {
    let context = Context::new(database.clone(), configuration.exports.export_retention);
    Worker::start(queue, Jobs { context, tracer }, configuration.jobs.settings()).map_err(queue_failed)
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
