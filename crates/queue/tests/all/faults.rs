//! Redis emptied, gone, silent, evicting, and used by others.

use std::time::{Duration, Instant};

use tidewater_queue::{Error, Item, Pushed, Queue, RedisSettings, Settings, WorkerSettings};
use tidewater_testkit::{Log, TestRedis};
use tokio::time::sleep;

use crate::world::{Done, Each, Job, World, empty, eventually, job, jobs, quick};

const ROWS: u64 = 400;

/// Rows that wait until they are done, and a handler that makes jobs from them and does these slowly.
fn from_rows(done: &Done) -> Each {
    let (doing, missing) = (done.clone(), done.clone());
    Each::job(move |number| {
        let doing = doing.clone();
        async move {
            sleep(Duration::from_millis(3)).await;
            doing.add(number);
            Ok(())
        }
    })
    .with_rows(move || {
        let missing = missing.clone();
        async move {
            let done = missing.numbers();
            Ok((0..ROWS).filter(|number| !done.contains(number)).map(job).collect())
        }
    })
}

fn distinct(done: &Done) -> u64 {
    let mut numbers = done.numbers();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.len() as u64
}

fn sweeping() -> WorkerSettings {
    WorkerSettings { sweep_interval: Duration::from_millis(200), visibility_timeout: Duration::from_secs(2), ..quick() }
}

#[tokio::test]
async fn a_redis_that_is_emptied_again_and_again_loses_no_row() {
    let world = World::over(TestRedis::start_own().await, Settings::default()).await;
    let redis = world.redis.as_ref().unwrap();
    let (first, second, done) = (world.node().await, world.node().await, Done::default());
    first.push(&jobs(0..ROWS)).await.unwrap();
    let _workers = [from_rows(&done).start(&first, &sweeping()), from_rows(&done).start(&second, &sweeping())];
    for step in 1..=4 {
        eventually("some are done", async || distinct(&done) >= step * ROWS / 5).await;
        redis.flush_all().await;
    }
    eventually("all are done", async || distinct(&done) == ROWS).await;
    eventually("nothing is left", async || empty(&first).await).await;
}

#[tokio::test]
async fn a_redis_that_loses_any_one_key_blocks_nothing() {
    let world = World::over(TestRedis::start_own().await, Settings::default()).await;
    let redis = world.redis.as_ref().unwrap();
    let (queue, done) = (world.node().await, Done::default());
    let mut later = job(1_000);
    later.at = Some(crate::world::in_the_future(Duration::from_secs(3600)));
    queue.push(&[later]).await.unwrap();
    let _worker = from_rows(&done).start(&queue, &sweeping());
    for part in ["ready", "names", "later", "sweep", "names", "ready"] {
        let so_far = distinct(&done);
        eventually("some are done", async || distinct(&done) > (so_far + 20).min(ROWS - 1)).await;
        redis.command(&["DEL", &format!("{}queue:{{jobs}}:{part}", redis.prefix())]).await;
    }
    eventually("all are done", async || distinct(&done) == ROWS).await;
    eventually("nothing is left", async || empty(&queue).await).await;
    let left =
        async |part: &str| redis.command(&["EXISTS", &format!("{}queue:{{jobs}}:{part}", redis.prefix())]).await == 1;
    eventually("no half is left of what was lost", async || !left("waiting").await && !left("names").await).await;
}

#[tokio::test]
async fn a_name_is_not_taken_by_what_redis_has_lost() {
    let world = World::over(TestRedis::start_own().await, Settings::default()).await;
    let redis = world.redis.as_ref().unwrap();
    let queue = world.node().await;
    let later = |number| Item { at: Some(crate::world::in_the_future(Duration::from_secs(3600))), ..job(number) };
    for (lost, item) in [("ready", job(1)), ("later", later(2)), ("waiting", later(3))] {
        assert_eq!(queue.push(std::slice::from_ref(&item)).await.unwrap(), [Pushed::Queued]);
        redis.command(&["DEL", &format!("{}queue:{{jobs}}:{lost}", redis.prefix())]).await;
        // Others are there, as ever.
        queue.push(&[Item::now(lost, Job::Do(0))]).await.unwrap();
        assert_eq!(queue.push(std::slice::from_ref(&item)).await.unwrap(), [Pushed::Queued], "without {lost}");
        assert_eq!(queue.push(&[item]).await.unwrap(), [Pushed::Known]);
    }
}

#[tokio::test]
async fn without_redis_pushing_fails_and_workers_wait_which_is_said_once() {
    let mut redis = TestRedis::start_own().await;
    // So long that a command which is late on a busy machine is none that failed.
    let command_timeout = Duration::from_secs(1);
    let settings =
        RedisSettings { prefix: redis.prefix().to_owned(), command_timeout, ..RedisSettings::new(redis.url()) };
    let log = Log::capture();
    let queue: Queue<Job> = Queue::open(Settings { redis: Some(settings), ..Settings::default() }).await.unwrap();
    let done = Done::default();
    let worker = from_rows(&done).start(&queue, &sweeping());
    done.until(20).await;
    redis.stop().await;
    eventually("it is noticed", async || !queue.is_reachable()).await;
    let begun = Instant::now();
    for number in 0..200 {
        assert_eq!(queue.push(&[job(number)]).await, Err(Error::Unavailable));
        assert_eq!(queue.lengths().await, Err(Error::Unavailable));
    }
    assert!(begun.elapsed() < 40 * command_timeout, "{:?}", begun.elapsed());
    sleep(Duration::from_millis(300)).await;
    let (waiting, counted) = (distinct(&done), done.count());
    sleep(Duration::from_millis(700)).await;
    assert_eq!(done.count(), counted, "jobs are run without a queue");
    assert!(waiting < ROWS);

    redis.start_again().await;
    eventually("all rows are done", async || distinct(&done) == ROWS).await;
    assert_eq!((log.lines("jobs wait until it does"), log.lines("Redis answers again")), (1, 1));
    assert_eq!(log.lines("Redis"), 2, "{log}");
    // A worker ends in time, whatever happens to Redis.
    redis.stop().await;
    let begun = Instant::now();
    worker.drain(Duration::from_millis(100)).await;
    assert!(begun.elapsed() < Duration::from_secs(7), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_silent_redis_is_not_waited_for() {
    let mut redis = TestRedis::start_own().await;
    let settings = RedisSettings { prefix: redis.prefix().to_owned(), ..RedisSettings::new(redis.url()) };
    let queue: Queue<Job> = Queue::open(Settings { redis: Some(settings), ..Settings::default() }).await.unwrap();
    let done = Done::default();
    let _worker = from_rows(&done).start(&queue, &sweeping());
    done.until(20).await;
    redis.pause();
    let begun = Instant::now();
    for _ in 0..200 {
        assert_eq!(queue.push(&[job(1)]).await, Err(Error::Unavailable));
    }
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}: each waited for takes 20 s", begun.elapsed());
    redis.resume();
    eventually("all rows are done", async || distinct(&done) == ROWS).await;
}

#[tokio::test]
async fn a_full_redis_takes_no_jobs_and_gives_those_that_it_has() {
    let log = Log::capture();
    let world = World::over(TestRedis::start_own().await, Settings::default()).await;
    let redis = world.redis.as_ref().unwrap();
    let (queue, done) = (world.node().await, Done::default());
    queue.push(&[job(60)]).await.unwrap();
    let worker = Each::noting(&done).start(&queue, &quick());
    done.until(1).await;
    worker.drain(Duration::from_secs(60)).await;
    queue.push(&jobs(0..50)).await.unwrap();
    let soon = crate::world::in_the_future(Duration::from_millis(300));
    queue.push(&[Item::at(soon, "soon", Job::Do(1_000))]).await.unwrap();
    redis.fill_up().await;
    let _worker = Each::noting(&done).start(&queue, &quick());
    for number in 50..60 {
        assert_eq!(queue.push(&[job(number)]).await, Err(Error::Unavailable));
    }
    done.until(52).await;
    eventually("nothing is left", async || empty(&queue).await).await;
    redis.make_room().await;
    queue.push(&jobs(50..60)).await.unwrap();
    done.until(62).await;
    assert_eq!((log.lines("Redis refuses a command"), log.lines("Redis")), (1, 1));
}

#[tokio::test]
async fn what_is_done_while_redis_is_away_is_said_when_it_is_back() {
    let mut redis = TestRedis::start_own().await;
    let settings = RedisSettings { prefix: redis.prefix().to_owned(), ..RedisSettings::new(redis.url()) };
    let queue: Queue<Job> = Queue::open(Settings { redis: Some(settings), ..Settings::default() }).await.unwrap();
    let (begun, gate) = (Done::default(), std::sync::Arc::new(tokio::sync::Semaphore::new(0)));
    let handler = {
        let (begun, gate) = (begun.clone(), std::sync::Arc::clone(&gate));
        Each::job(move |number| {
            let (begun, gate) = (begun.clone(), std::sync::Arc::clone(&gate));
            async move {
                begun.add(number);
                gate.acquire().await.unwrap().forget();
                Ok(())
            }
        })
    };
    queue.push(&[job(1)]).await.unwrap();
    let _worker = handler.start(&queue, &quick());
    begun.until(1).await;
    redis.pause();
    eventually("it is noticed", async || !queue.is_reachable()).await;
    gate.add_permits(1);
    eventually("it is done", async || queue.counts().done == 1).await;
    redis.resume();
    eventually("it is said", async || empty(&queue).await).await;
    assert_eq!(begun.count(), 1);
}

#[tokio::test]
async fn a_redis_that_is_not_there_yet_is_no_reason_not_to_start() {
    let mut redis = TestRedis::start_own().await;
    redis.stop().await;
    let settings = RedisSettings { prefix: redis.prefix().to_owned(), ..RedisSettings::new(redis.url()) };
    let queue: Queue<Job> = Queue::open(Settings { redis: Some(settings), ..Settings::default() }).await.unwrap();
    let done = Done::default();
    let _worker = Each::noting(&done).start(&queue, &quick());
    assert_eq!(queue.push(&[job(1)]).await, Err(Error::Unavailable));
    redis.start_again().await;
    eventually("it is back", async || queue.push(&[job(1)]).await.is_ok()).await;
    done.until(1).await;
}

#[tokio::test]
async fn what_somebody_else_has_put_there_is_a_dead_letter() {
    let world = World::over(TestRedis::start_own().await, Settings::default()).await;
    let redis = world.redis.as_ref().unwrap();
    let (queue, done) = (world.node().await, Done::default());
    let ready = format!("{}queue:{{jobs}}:ready", redis.prefix());
    redis.command(&["XADD", &ready, "7-1", "greeting", "hello"]).await;
    redis.command(&["XADD", &ready, "7-2", "name", "half", "job", "{"]).await;
    queue.push(&[job(1)]).await.unwrap();
    assert_eq!(queue.list(10).await.unwrap().len(), 3);
    let _worker = Each::noting(&done).start(&queue, &quick());
    done.until(1).await;
    eventually("they are dead", async || queue.lengths().await.unwrap().dead == 2).await;
    let mut names: Vec<String> = queue.letters(10).await.unwrap().into_iter().map(|letter| letter.name).collect();
    names.sort_unstable();
    assert_eq!(names, ["half", "unreadable 7-1"]);
}

#[tokio::test]
async fn nothing_is_left_in_redis_of_what_is_over() {
    let world = World::over(TestRedis::start_own().await, Settings::default()).await;
    let redis = world.redis.as_ref().unwrap();
    let (queue, done) = (world.node().await, Done::default());
    let worker = Each::noting(&done).every(Duration::from_secs(3600), "chore", 0).start(&queue, &quick());
    queue.push(&jobs(1..1_000)).await.unwrap();
    let soon = crate::world::in_the_future(Duration::from_millis(50));
    assert_eq!(queue.push(&[Item::at(soon, "soon", Job::Do(2_000))]).await.unwrap(), [Pushed::Queued]);
    done.until(1_001).await;
    eventually("all is done", async || empty(&queue).await).await;
    assert_eq!(worker.drain(Duration::ZERO).await, 0);
    let begin = format!("{}queue:{{jobs}}:", redis.prefix());
    // The lease of the sweep expires.
    let mut left: Vec<String> = redis.keys().await.into_iter().filter(|key| !key.ends_with(":sweep")).collect();
    left.sort_unstable();
    assert_eq!(left, [format!("{begin}ready"), format!("{begin}ticks")]);
    assert_eq!(redis.command(&["XLEN", &left[0]]).await, 0);
    assert_eq!(redis.command(&["XINFO", "CONSUMERS", &left[0], "workers"]).await, serde_json::json!([]));
}

#[tokio::test]
async fn a_url_that_makes_no_sense_is_refused_without_its_password() {
    let redis = Some(RedisSettings::new("redis:/secret@:x"));
    let error = Queue::<Job>::open(Settings { redis, ..Settings::default() }).await.unwrap_err();
    assert!(matches!(&error, Error::RedisUrl(text) if !text.contains("secret")), "{error}");
}
