//! Many jobs, two processes, and one of them killed every few seconds: each effect is had once, and none is missing.
//!
//! ```sh
//! TIDEWATER_SOAK_JOBS=100000 cargo test --release --locked -p tidewater-queue --test all soak -- --nocapture
//! ```

use std::env;
use std::time::{Duration, Instant};

use fred::clients::Client;
use fred::interfaces::{ClientLike, LuaInterface, StreamsInterface};
use fred::types::{Builder, Value, config::Config};
use futures::StreamExt;
use sea_orm::DatabaseConnection;
use tidewater_testkit::{TestDatabase, TestRedis};
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::child::{Place, TABLES, connect, execute, is_worker, number};
use crate::world::{Done, Each, empty, eventually, jobs, quick};

const USUAL: u64 = 5_000;
const CONCURRENCY: usize = 16;
/// How many jobs are pushed at once.
const BATCH: u64 = 500;
const TEST: &str = "soak::each_effect_is_had_once_whoever_is_killed";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_effect_is_had_once_whoever_is_killed() {
    if is_worker().await {
        return;
    }
    let count = env::var("TIDEWATER_SOAK_JOBS").map_or(USUAL, |count| count.parse().unwrap());
    // A short soak must see somebody killed as well.
    let pause = if count > USUAL { Duration::from_secs(3) } else { Duration::from_millis(300) };
    let (redis, database) = (TestRedis::start_own().await, TestDatabase::postgres().await);
    database.sql(TABLES).await;
    let visibility_timeout = Duration::from_secs(1);
    let place = Place { redis: &redis, database: &database, concurrency: CONCURRENCY, visibility_timeout };
    let (queue, rows) = (place.queue().await, connect(database.url(), CONCURRENCY).await);

    let begun = Instant::now();
    let mut workers = [place.worker(TEST).await, place.worker(TEST).await];
    let pushing = {
        let queue = queue.clone();
        tokio::spawn(async move {
            let begun = Instant::now();
            for first in (0..count).step_by(BATCH as usize) {
                let batch = jobs(first..(first + BATCH).min(count));
                // After an answer that did not come, they are pushed again.
                while queue.push(&batch).await.is_err() {
                    sleep(Duration::from_millis(5)).await;
                }
            }
            count as f64 / begun.elapsed().as_secs_f64()
        })
    };
    let mut ticks = interval(pause);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    let (mut kills, deadline) = (0, begun + Duration::from_secs(120) + Duration::from_millis(10) * count as u32);
    while !(pushing.is_finished() && empty(&queue).await) {
        assert!(Instant::now() < deadline, "not done in time: {:?}", queue.lengths().await);
        ticks.tick().await;
        let worker = &mut workers[kills % 2];
        worker.kill().await;
        *worker = place.worker(TEST).await;
        kills += 1;
    }
    let pushed = pushing.await.unwrap();
    let last = "SELECT (extract(epoch FROM max(time) - min(time)) * 1000)::bigint FROM effect";
    let seconds = number(&rows, last).await as f64 / 1000.0;
    let executions = number(&rows, "SELECT count(*) FROM execution").await as u64;
    assert_eq!(number(&rows, "SELECT count(*) FROM effect").await as u64, count);
    assert_eq!(number(&rows, "SELECT count(*) FROM effect WHERE job < 0").await, 0);
    assert_eq!(queue.lengths().await.unwrap().dead, 0);
    assert!(kills > 0, "nobody was killed");
    drop(workers);
    println!(
        "{count} jobs pushed by {pushed:.0}/s and run by {:.0}/s in two processes, of which {kills} were killed: \
         each effect once, none missing, {} executions more",
        count as f64 / seconds,
        executions - count,
    );

    let alone = without_effects(&place, count).await;
    println!("the same without effects, by two workers in one process that is not killed: {alone:.0}/s");
    let (added, taken) = bare(&redis, count, None).await;
    println!("bare XADD: {added:.0}/s; bare XREADGROUP and XACK by two readers: {taken:.0}/s");
    database.sql("TRUNCATE effect, execution").await;
    let (_, taken) = bare(&redis, count, Some(rows.clone())).await;
    println!("bare XREADGROUP, the same effects, and XACK by two readers: {taken:.0}/s");
    rows.close().await.unwrap();
}

/// How many jobs that do nothing two workers of this process run in a second.
async fn without_effects(place: &Place<'_>, count: u64) -> f64 {
    let (queue, done) = (place.queue().await, Done::default());
    for first in (0..count).step_by(BATCH as usize) {
        queue.push(&jobs(first..(first + BATCH).min(count))).await.unwrap();
    }
    let settings = tidewater_queue::WorkerSettings { concurrency: CONCURRENCY, ..quick() };
    let begun = Instant::now();
    let _workers = [(); 2].map(|()| Each::noting(&done).start(&queue, &settings));
    eventually("all are run", async || empty(&queue).await).await;
    assert_eq!(done.count() as u64, count);
    count as f64 / begun.elapsed().as_secs_f64()
}

/// How many entries are added to a stream in a second, and how many are read and acknowledged, with or without the effects of jobs.
async fn bare(redis: &TestRedis, count: u64, effects: Option<DatabaseConnection>) -> (f64, f64) {
    let key = format!("{}bare", redis.prefix());
    let client = client(redis).await;
    let script = "redis.call('DEL', KEYS[1]) redis.call('XGROUP', 'CREATE', KEYS[1], 'workers', '0', 'MKSTREAM')";
    let () = client.eval(script, vec![key.clone()], Vec::<String>::new()).await.unwrap();
    let begun = Instant::now();
    let adding = futures::stream::iter(0..count).map(async |number| {
        let fields = vec![("name", format!("job {number}")), ("attempts", "0".to_owned()), ("job", number.to_string())];
        client.xadd::<String, _, _, _, _>(key.clone(), false, None::<()>, "*", fields).await.unwrap();
    });
    adding.buffer_unordered(BATCH as usize).for_each(|()| async {}).await;
    let added = count as f64 / begun.elapsed().as_secs_f64();

    let begun = Instant::now();
    let readers = [0, 1].map(|reader| {
        let (key, effects) = (key.clone(), effects.clone());
        let client = client.clone();
        tokio::spawn(async move {
            let client = client.clone_new();
            let _connection = client.init().await.unwrap();
            loop {
                let read = client.xreadgroup(
                    "workers",
                    format!("{reader}"),
                    Some(CONCURRENCY as u64),
                    None,
                    false,
                    key.clone(),
                    ">",
                );
                let answer: Value = read.await.unwrap();
                if answer.is_null() {
                    return;
                }
                let streams = answer.into_xread_response::<String, String, String, String>().unwrap();
                let entries = streams.into_values().flatten();
                let handling = entries.map(async |(id, fields)| {
                    if let Some(database) = &effects {
                        execute(database, fields["job"].parse().unwrap()).await.unwrap();
                    }
                    client.xack::<u64, _, _, _>(key.clone(), "workers", id).await.unwrap();
                });
                futures::future::join_all(handling).await;
            }
        })
    });
    for reader in readers {
        reader.await.unwrap();
    }
    (added, count as f64 / begun.elapsed().as_secs_f64())
}

async fn client(redis: &TestRedis) -> Client {
    let client = Builder::from_config(Config::from_url(&redis.url()).unwrap()).build().unwrap();
    client.init().await.unwrap();
    client
}
