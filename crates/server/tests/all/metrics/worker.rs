use std::time::Duration;

use serde_json::{Value, json};
use tidewater_queue::{Item, Queue, RedisSettings, Settings};
use tidewater_testkit::{Backend, Program, Server, TestRedis};

use super::scrape::{METRICS, Measured, Scrape, told};
use crate::fixture::{PATIENT, binary, eventually, seeded};

/// The number of a process that serves nothing else.
async fn scraped(client: &reqwest::Client, address: &str) -> Scrape {
    Scrape(client.get(format!("{address}/metrics")).send().await.unwrap().text().await.unwrap())
}

#[tokio::test]
async fn a_worker_tells_of_the_jobs_that_it_runs() {
    let (database, redis) = (seeded(Backend::PostgresRedis).await, TestRedis::start().await);
    let url = redis.url();
    let environment = [
        ("DATABASE_URL", database.url()),
        ("REDIS_URL", &url),
        ("TIDEWATER_REDIS_KEY_PREFIX", redis.prefix()),
        PATIENT,
        METRICS,
    ];
    let settings = RedisSettings {
        prefix: redis.prefix().to_owned(),
        command_timeout: Duration::from_secs(10),
        ..RedisSettings::new(&url)
    };
    let queue: Queue<Value> = Queue::open(Settings { redis: Some(settings), ..Settings::default() }).await.unwrap();
    let mut server = Server::start(binary(), &["serve", "--jobs", "off"], &environment).await;
    queue.push(&[Item::now("of-the-future", json!({ "ofTheFuture": 1 }))]).await.unwrap();
    let of_server = Scrape::of(&server).await;
    assert_eq!(of_server.value("tidewater_jobs{state=\"queued\"}"), 1.0);
    assert_eq!(of_server.value("tidewater_jobs_done_total"), 0.0);

    let mut worker = Program::start(binary(), &["worker"], &environment);
    let address = told(&worker.logged("metrics are at ").await);
    worker.logged("running background jobs").await;
    eventually("the job has died", async || {
        scraped(server.client(), &address).await.value("tidewater_jobs_died_total") == 1.0
    })
    .await;
    eventually("recurring jobs are done", async || {
        scraped(server.client(), &address).await.value("tidewater_jobs_done_total") >= 1.0
    })
    .await;
    let scrape = scraped(server.client(), &address).await;
    assert_eq!(scrape.value("tidewater_jobs{state=\"dead\"}"), 1.0);
    assert_eq!(scrape.value("tidewater_job_failures_total"), 1.0);
    assert!(scrape.value("tidewater_job_duration_seconds_count") >= 2.0);
    for series in ["tidewater_database_wait_seconds_count ", "process_start_time_seconds "] {
        assert!(scrape.0.contains(series), "{series}: {}", scrape.0);
    }
    assert!(!scrape.0.contains("tidewater_http"), "a worker serves nothing");
    let (code, log) = worker.terminate().await;
    assert_eq!(code, 0, "{log}");
    assert_eq!(server.terminate().await.0, 0);
}

#[tokio::test]
async fn what_is_done_regularly_is_told() {
    let settings = [("TIDEWATER_VIEW_FLUSH_INTERVAL", "50ms")];
    let measured = Measured::new(Backend::Sqlite, &settings).await;
    eventually("each chore was done", async || {
        let scrape = measured.scrape().await;
        ["change_log", "sessions", "idempotency_records", "views"].iter().all(|chore| {
            let of = |name: &str| scrape.value(&format!("tidewater_chore_{name}{{chore=\"{chore}\"}}"));
            of("duration_seconds_count") >= 1.0 && of("done_timestamp_seconds") > 1.6e9 && of("failures_total") == 0.0
        })
    })
    .await;
    let scrape = measured.scrape().await;
    assert_eq!(scrape.value("tidewater_change_log_retention_seconds"), 3_600.0);
    assert!(scrape.value("process_resident_memory_bytes") > 1e6 && scrape.value("process_cpu_seconds_total") > 0.0);
    assert!(scrape.value("tidewater_runtime_workers") >= 1.0);
    let version = format!("tidewater_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    assert_eq!(scrape.value(&version), 1.0);
}

#[tokio::test]
async fn how_long_ago_that_was_up_to_which_changes_are_pruned_is_told() {
    let settings = [("TIDEWATER_ITEM_TTL", "1s"), ("TIDEWATER_LIST_TTL", "1s"), ("TIDEWATER_LOG_RETENTION", "2s")];
    let measured = Measured::new(Backend::Sqlite, &settings).await;
    let mut before = 0.0;
    // What is not moved forward only grows older.
    eventually("it was moved forward", async || {
        let age = measured.scrape().await.value("tidewater_change_log_floor_age_seconds");
        std::mem::replace(&mut before, age) > age
    })
    .await;
}
