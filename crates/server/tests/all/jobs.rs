//! Background jobs: who runs them, and what can be asked about them.

use std::time::Duration;

use serde_json::{Value, json};
use tidewater_queue::{Item, Queue, RedisSettings, Settings};
use tidewater_testkit::{Backend, Program, Server, TestDatabase, TestRedis};

use crate::fixture::{Environment, PATIENT, binary, eventually, fail, seeded, succeed};

struct World {
    database: TestDatabase,
    redis: TestRedis,
}

impl World {
    async fn start() -> Self {
        Self { database: seeded(Backend::PostgresRedis).await, redis: TestRedis::start().await }
    }

    /// Runs `test` with the environment of a process in this world.
    async fn with<T>(&self, test: impl AsyncFnOnce(&Environment<'_>) -> T) -> T {
        let url = self.redis.url();
        let environment = [
            ("DATABASE_URL", self.database.url()),
            ("REDIS_URL", &url),
            ("TIDEWATER_REDIS_KEY_PREFIX", self.redis.prefix()),
            PATIENT,
        ];
        test(&environment).await
    }

    /// The queue of the program, to which anything can be pushed.
    async fn queue(&self) -> Queue<Value> {
        let (prefix, command_timeout) = (self.redis.prefix().to_owned(), Duration::from_secs(10));
        let redis = RedisSettings { prefix, command_timeout, ..RedisSettings::new(self.redis.url()) };
        Queue::open(Settings { redis: Some(redis), ..Settings::default() }).await.unwrap()
    }
}

async fn died(queue: &Queue<Value>, count: u64) {
    eventually("they are dead", async || queue.lengths().await.is_ok_and(|lengths| lengths.dead == count)).await;
}

#[tokio::test]
async fn jobs_wait_for_a_worker_where_the_server_leaves_them_to_it() {
    let world = World::start().await;
    let queue = world.queue().await;
    world
        .with(async |environment| {
            let mut server = Server::start(binary(), &["serve", "--jobs", "off"], environment).await;
            let unknown = |name: &str| Item::now(name, json!({ "ofTheFuture": name }));
            queue.push(&[unknown("first"), unknown("second\u{1b}[2J")]).await.unwrap();
            let listed = succeed(&["jobs", "list"], environment).await;
            assert!(listed.starts_with("2 queued, 0 running, 0 scheduled, 0 dead\nqueued     "), "{listed}");
            assert!(listed.contains("  first  0 failed  {\"ofTheFuture\":\"first\"}\n"), "{listed}");
            assert!(!listed.contains('\u{1b}'), "{listed}");
            assert_eq!(server.terminate().await.0, 0);

            let mut worker = Program::start(binary(), &["worker"], environment);
            worker.logged("running background jobs").await;
            died(&queue, 2).await;
            let dead = succeed(&["jobs", "dead"], environment).await;
            assert_eq!(dead.matches("1 failed: this version does not know it").count(), 2, "{dead}");
            let (code, log) = worker.terminate().await;
            assert_eq!(code, 0, "{log}");
            assert!(log.contains("failed=2 died=2") && log.trim_end().ends_with("stopped"), "{log}");

            assert_eq!(succeed(&["jobs", "retry", "first", "nobody"], environment).await, "1 dead job queued again\n");
            assert_eq!(queue.lengths().await.unwrap().queued, 1);
            assert_eq!(succeed(&["jobs", "retry", "--all"], environment).await, "1 dead job queued again\n");
            assert_eq!(queue.lengths().await.unwrap().queued, 2);
        })
        .await;
}

#[tokio::test]
async fn a_server_runs_jobs_itself() {
    let world = World::start().await;
    let queue = world.queue().await;
    world
        .with(async |environment| {
            let mut server = Server::start(binary(), &["serve"], environment).await;
            queue.push(&[Item::now("unknown", json!("of the future"))]).await.unwrap();
            died(&queue, 1).await;
            let (code, log) = server.terminate().await;
            assert_eq!(code, 0, "{log}");
            assert!(log.contains("died=1"), "{log}");
        })
        .await;
}

#[tokio::test]
async fn what_makes_no_sense_without_redis_says_so() {
    let database = seeded(Backend::Sqlite).await;
    let environment = [("DATABASE_URL", database.url())];
    for arguments in [&["worker"][..], &["jobs", "list"], &["jobs", "dead"], &["jobs", "retry", "--all"]] {
        let (code, sentence) = fail(arguments, &environment).await;
        assert_eq!(code, 2);
        assert!(sentence.contains("REDIS_URL"), "{sentence}");
    }
    let off = [("DATABASE_URL", database.url()), ("TIDEWATER_JOBS", "off")];
    let (code, sentence) = fail(&["serve", "--listen", "127.0.0.1:0"], &off).await;
    assert_eq!(code, 2);
    assert!(sentence.contains("TIDEWATER_JOBS") && sentence.contains("REDIS_URL"), "{sentence}");
    succeed(&["migrate", "status"], &off).await;
}

#[tokio::test]
async fn a_queue_that_cannot_be_asked_is_one_sentence() {
    let environment = [("REDIS_URL", "redis://127.0.0.1:1")];
    let (code, sentence) = fail(&["jobs", "list"], &environment).await;
    assert_eq!((code, sentence.as_str()), (1, "Redis does not answer"));
    let (code, _) = fail(&["jobs", "retry"], &environment).await;
    assert_eq!(code, 2, "neither names nor --all");
}

#[tokio::test]
async fn a_worker_does_not_start_on_a_database_that_is_not_migrated() {
    let (database, redis) = (TestDatabase::postgres().await, TestRedis::start().await);
    let url = redis.url();
    let (code, sentence) = fail(&["worker"], &[("DATABASE_URL", database.url()), ("REDIS_URL", &url)]).await;
    assert_eq!(code, 1);
    assert!(sentence.contains("`tidewater migrate up`"), "{sentence}");
}
