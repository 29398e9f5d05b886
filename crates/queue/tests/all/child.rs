//! Workers as processes of their own, over a Redis and a PostgreSQL.
//!
//! A process is this test binary again, told to run the test that started it. That test finds out by its environment that it is to
//! be a worker.

use std::env;
use std::time::Duration;

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use tidewater_queue::{Backoff, Failure, Queue, RedisSettings, Settings, Worker, WorkerSettings};
use tidewater_testkit::{Program, TestDatabase, TestRedis};

use crate::world::{Each, Job, PATIENT};

const REDIS: &str = "QUEUE_REDIS_URL";
const PREFIX: &str = "QUEUE_REDIS_PREFIX";
const DATABASE: &str = "QUEUE_DATABASE_URL";
const CONCURRENCY: &str = "QUEUE_CONCURRENCY";
const VISIBILITY: &str = "QUEUE_VISIBILITY_MILLISECONDS";

/// What jobs leave behind: an effect each, once, and an execution for each time that one is run.
pub(crate) const TABLES: &str = "
    CREATE TABLE effect (job bigint PRIMARY KEY, time timestamptz NOT NULL DEFAULT clock_timestamp());
    CREATE TABLE execution (job bigint NOT NULL, process int NOT NULL);
    CREATE TABLE held (job bigint PRIMARY KEY)";

/// Has its effect, unless it has been had, and counts the execution.
const EXECUTE: &str = "WITH execution AS (INSERT INTO execution (job, process) VALUES ($1, $2)) \
                       INSERT INTO effect (job) VALUES ($1) ON CONFLICT DO NOTHING";

/// Where workers of other processes work.
pub(crate) struct Place<'a> {
    pub(crate) redis: &'a TestRedis,
    pub(crate) database: &'a TestDatabase,
    pub(crate) concurrency: usize,
    pub(crate) visibility_timeout: Duration,
}

impl Place<'_> {
    /// The queue as this process has it.
    pub(crate) async fn queue(&self) -> Queue<Job> {
        open(self.redis.url(), self.redis.prefix().to_owned()).await
    }

    /// A process that works here, once it does. `test` is the path of the test that asks.
    pub(crate) async fn worker(&self, test: &str) -> Program {
        let (redis, concurrency) = (self.redis.url(), self.concurrency.to_string());
        let visibility = self.visibility_timeout.as_millis().to_string();
        let environment = [
            (REDIS, redis.as_str()),
            (PREFIX, self.redis.prefix()),
            (DATABASE, self.database.url()),
            (CONCURRENCY, &concurrency),
            (VISIBILITY, &visibility),
        ];
        let binary = env::current_exe().unwrap();
        let program = Program::start(&binary, &[test, "--exact", "--nocapture"], &environment);
        program.logged("a worker works").await;
        program
    }
}

/// Whether this process is a worker; then it works until it is killed.
pub(crate) async fn is_worker() -> bool {
    let Ok(redis) = env::var(REDIS) else { return false };
    let given = |name| env::var(name).unwrap();
    let concurrency: usize = given(CONCURRENCY).parse().unwrap();
    let queue = open(redis, given(PREFIX)).await;
    let database = connect(&given(DATABASE), concurrency).await;
    let _worker = work(&queue, database, concurrency, Duration::from_millis(given(VISIBILITY).parse().unwrap()));
    eprintln!("a worker works");
    std::future::pending().await
}

/// Starts a worker of which each job has its effect in the database, and is held up before that if its number is in `held`.
fn work(queue: &Queue<Job>, database: DatabaseConnection, concurrency: usize, visibility_timeout: Duration) -> Worker {
    let handler = Each::job(move |number| {
        let database = database.clone();
        async move { execute(&database, number).await }
    });
    let backoff = Backoff { first: Duration::from_millis(100), longest: Duration::from_secs(1) };
    handler.start(queue, &WorkerSettings { concurrency, visibility_timeout, backoff, ..WorkerSettings::default() })
}

/// Runs one job: its effect is had once, however often it is run.
pub(crate) async fn execute(database: &DatabaseConnection, number: u64) -> Result<(), Failure> {
    let values = [(number as i64).into(), (std::process::id() as i32).into()];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, EXECUTE, values);
    database.execute_raw(statement).await.map_err(Failure::passing)?;
    let held = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT 1 FROM held WHERE job = $1",
        [(number as i64).into()],
    );
    while database.query_one_raw(held.clone()).await.map_err(Failure::passing)?.is_some() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

pub(crate) async fn connect(url: &str, connections: usize) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(connections as u32).sqlx_logging(false);
    Database::connect(options).await.unwrap()
}

/// The first number of what the query answers.
pub(crate) async fn number(database: &DatabaseConnection, query: &str) -> i64 {
    let row = database.query_one_raw(Statement::from_string(DbBackend::Postgres, query)).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

async fn open(url: String, prefix: String) -> Queue<Job> {
    let redis = RedisSettings { prefix, command_timeout: PATIENT, ..RedisSettings::new(url) };
    Queue::open(Settings { redis: Some(redis), ..Settings::default() }).await.unwrap()
}
