use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use futures::FutureExt;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tidewater_queue::{
    Backoff, Failure, Handler, Item, Lengths, Queue, Recurring, RedisSettings, Settings, Worker, WorkerSettings,
};
use tidewater_testkit::TestRedis;
use tokio::time::sleep;

/// What is done in these tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Job {
    Do(u64),
    /// What only a newer version knows.
    #[serde(skip_deserializing)]
    Newer,
}

/// A queue, and the nodes on it.
pub(crate) struct World {
    pub(crate) redis: Option<TestRedis>,
    settings: Settings,
    /// Where there is no Redis, all nodes are in one process.
    memory: Queue<Job>,
}

/// The same in memory and in Redis.
macro_rules! on_each_store {
    ($($(#[$attribute:meta])* async fn $name:ident($world:ident) $body:block)+) => {$(
        $(#[$attribute])*
        mod $name {
            use super::*;

            async fn check($world: World) $body

            #[tokio::test]
            async fn in_memory() {
                check(World::in_memory(tidewater_queue::Settings::default()).await).await;
            }

            #[tokio::test]
            async fn in_redis() {
                check(World::in_redis(tidewater_queue::Settings::default()).await).await;
            }
        }
    )+};
}
pub(crate) use on_each_store;

impl World {
    pub(crate) async fn in_memory(settings: Settings) -> Self {
        let memory = Queue::open(settings.clone()).await.unwrap();
        Self { redis: None, settings, memory }
    }

    pub(crate) async fn in_redis(settings: Settings) -> Self {
        Self::over(TestRedis::start().await, settings).await
    }

    pub(crate) async fn over(redis: TestRedis, settings: Settings) -> Self {
        let memory = Queue::open(settings.clone()).await.unwrap();
        let shared = RedisSettings {
            prefix: redis.prefix().to_owned(),
            command_timeout: PATIENT,
            ..RedisSettings::new(redis.url())
        };
        Self { redis: Some(redis), settings: Settings { redis: Some(shared), ..settings }, memory }
    }

    /// The same with other bounds, empty.
    pub(crate) async fn bounded(self, capacity: usize, letters: usize) -> Self {
        let settings = Settings { capacity, letters, redis: None, ..self.settings };
        match self.redis {
            Some(redis) => Self::over(redis, settings).await,
            None => Self::in_memory(settings).await,
        }
    }

    /// The queue as another node has it.
    pub(crate) async fn node(&self) -> Queue<Job> {
        match self.redis {
            Some(_) => Queue::open(self.settings.clone()).await.unwrap(),
            None => self.memory.clone(),
        }
    }
}

/// How long a command may take where nothing is wrong with Redis, so that one which is late on a busy machine is none that failed.
pub(crate) const PATIENT: Duration = Duration::from_secs(10);

type Run = Box<dyn Fn(u64) -> BoxFuture<'static, Result<(), Failure>> + Send + Sync>;
type Rows = Box<dyn Fn() -> BoxFuture<'static, Result<Vec<Item<Job>>, Failure>> + Send + Sync>;

/// Does with each job what the test says.
pub(crate) struct Each {
    run: Run,
    rows: Rows,
    recurring: Vec<Recurring<Job>>,
}

impl Each {
    pub(crate) fn job<F>(run: impl Fn(u64) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        Self {
            run: Box::new(move |number| run(number).boxed()),
            rows: Box::new(|| async { Ok(Vec::new()) }.boxed()),
            recurring: Vec::new(),
        }
    }

    /// Jobs that are done at once, and remembered.
    pub(crate) fn noting(done: &Done) -> Self {
        let done = done.clone();
        Self::job(move |number| {
            let done = done.clone();
            async move {
                done.add(number);
                Ok(())
            }
        })
    }

    pub(crate) fn with_rows<F>(self, rows: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Vec<Item<Job>>, Failure>> + Send + 'static,
    {
        Self { rows: Box::new(move || rows().boxed()), ..self }
    }

    pub(crate) fn every(self, every: Duration, name: &str, number: u64) -> Self {
        Self { recurring: vec![Recurring { name: name.to_owned(), job: Job::Do(number), every }], ..self }
    }

    pub(crate) fn start(self, queue: &Queue<Job>, settings: &WorkerSettings) -> Worker {
        Worker::start(queue, self, settings.clone()).unwrap()
    }
}

impl Handler for Each {
    type Job = Job;

    async fn run(&self, job: Job) -> Result<(), Failure> {
        match job {
            Job::Do(number) => (self.run)(number).await,
            Job::Newer => unreachable!("it cannot be read"),
        }
    }

    async fn sweep(&self, most: usize) -> Result<Vec<Item<Job>>, Failure> {
        let mut rows = (self.rows)().await?;
        rows.truncate(most);
        Ok(rows)
    }

    fn recurring(&self) -> Vec<Recurring<Job>> {
        self.recurring.clone()
    }
}

/// What was done, in its order, and when.
#[derive(Clone, Default)]
pub(crate) struct Done(Arc<Mutex<Vec<(u64, Instant)>>>);

impl Done {
    pub(crate) fn add(&self, number: u64) {
        self.0.lock().push((number, Instant::now()));
    }

    pub(crate) fn numbers(&self) -> Vec<u64> {
        self.0.lock().iter().map(|(number, _)| *number).collect()
    }

    pub(crate) fn times(&self) -> Vec<Instant> {
        self.0.lock().iter().map(|(_, time)| *time).collect()
    }

    pub(crate) fn count(&self) -> usize {
        self.0.lock().len()
    }

    pub(crate) async fn until(&self, count: usize) {
        eventually(&format!("{count} jobs are run"), async || self.count() >= count).await;
    }
}

/// Quick to try again, and slow to take from others.
pub(crate) fn quick() -> WorkerSettings {
    WorkerSettings {
        concurrency: 4,
        visibility_timeout: Duration::from_secs(60),
        backoff: Backoff { first: Duration::from_millis(20), longest: Duration::from_millis(200) },
        attempts: 3,
        sweep_interval: Duration::from_millis(100),
        ..WorkerSettings::default()
    }
}

/// A job with a name of its own.
pub(crate) fn job(number: u64) -> Item<Job> {
    Item::now(format!("job {number}"), Job::Do(number))
}

pub(crate) fn jobs(numbers: std::ops::Range<u64>) -> Vec<Item<Job>> {
    numbers.map(job).collect()
}

pub(crate) fn in_the_future(after: Duration) -> SystemTime {
    SystemTime::now() + after
}

pub(crate) async fn empty(queue: &Queue<Job>) -> bool {
    matches!(queue.lengths().await, Ok(Lengths { queued: 0, running: 0, scheduled: 0, .. }))
}

/// Waits until `condition` holds, as things elsewhere do in their own time.
pub(crate) async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !condition().await {
        assert!(Instant::now() < deadline, "still not: {what}");
        sleep(Duration::from_millis(5)).await;
    }
}
