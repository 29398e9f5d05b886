//! A Redis that is emptied, restored, slow, full or gone.

use std::time::{Duration, Instant};

use tidewater_counter::{Counter, RedisSettings, Settings};
use tidewater_testkit::{Log, Proxy, TestRedis};

use crate::database::Database;
use crate::world::{eventually, process, redis_of, see, subject};

/// Whether what is counted now comes to Redis.
async fn uses_redis(counter: &Counter, redis: &TestRedis) -> bool {
    let end = format!(":{}", subject(9).simple());
    see(counter, 9, 0..1).await;
    redis.keys().await.iter().any(|key| key.contains(&end))
}

#[tokio::test]
async fn what_redis_forgets_is_lost_and_nothing_else() {
    let (redis, database) = (TestRedis::start().await, Database::default());
    let counter = process(Some(&redis)).await;
    see(&counter, 1, 0..10).await;
    database.flush(&counter).await.unwrap();
    see(&counter, 1, 0..7).await;
    redis.flush_all().await;
    see(&counter, 1, 10..15).await;
    database.flush(&counter).await.unwrap();
    assert_eq!((database.views(subject(1)), database.viewers(subject(1))), (15, 15));
}

#[tokio::test]
async fn whoever_goes_on_after_redis_was_emptied_opens_another_batch() {
    let (redis, database) = (TestRedis::start().await, Database::default());
    let (counter, other) = (process(Some(&redis)).await, process(Some(&redis)).await);
    see(&counter, 1, 0..10).await;
    // By now the batch is known, and nothing in Redis tells.
    database.flush(&other).await.unwrap();
    redis.flush_all().await;
    see(&counter, 1, 10..15).await;
    database.flush(&counter).await.unwrap();
    assert_eq!((database.views(subject(1)), database.viewers(subject(1))), (15, 15));
}

#[tokio::test]
async fn what_a_restored_dump_brings_back_is_not_added_again_and_takes_nothing_along() {
    let (mut redis, database) = (TestRedis::start_own().await, Database::default());
    let counter = process(Some(&redis)).await;
    see(&counter, 1, 0..10).await;
    let dump = redis.save_dump().await;
    database.flush(&counter).await.unwrap();
    redis.restart_with_dump(&dump).await;
    eventually("Redis is used again", async || uses_redis(&counter, &redis).await).await;
    see(&counter, 1, 10..15).await;
    // After a restart, too.
    let restarted = process(Some(&redis)).await;
    see(&restarted, 1, 15..20).await;
    database.flush(&counter).await.unwrap();
    database.flush(&restarted).await.unwrap();
    assert_eq!((database.views(subject(1)), database.viewers(subject(1))), (20, 20));
    assert!(database.batches().1 > 0, "nothing was brought back");
}

#[tokio::test]
async fn without_redis_views_are_counted_here_and_that_is_said_once() {
    let (mut redis, database) = (TestRedis::start_own().await, Database::default());
    let log = Log::capture();
    let counter = process(Some(&redis)).await;
    see(&counter, 1, 0..10).await;
    database.flush(&counter).await.unwrap();
    redis.stop().await;
    see(&counter, 1, 0..10).await;
    see(&counter, 1, 10..20).await;
    database.flush(&counter).await.unwrap();
    // One step at most waits to hear whether it was made.
    let flushed = database.views(subject(1));
    assert!((20..=30).contains(&flushed), "{flushed}");
    eventually("it is said", async || log.lines("each server counts views by itself until it does") == 1).await;

    redis.start_again().await;
    eventually("Redis is used again", async || uses_redis(&counter, &redis).await).await;
    eventually("everything is counted", async || {
        database.flush(&counter).await.unwrap();
        database.views(subject(1)) == 30
    })
    .await;
    assert_eq!(database.viewers(subject(1)), 20);
    assert_eq!((log.lines("Redis answers again"), log.about_redis()), (1, 2), "{log}");
}

#[tokio::test]
async fn a_redis_that_is_not_there_yet_is_no_reason_not_to_start() {
    let (mut redis, database) = (TestRedis::start_own().await, Database::default());
    redis.stop().await;
    let counter = process(Some(&redis)).await;
    see(&counter, 1, 0..10).await;
    database.flush(&counter).await.unwrap();
    assert_eq!(database.views(subject(1)), 10);
}

#[tokio::test]
async fn a_step_that_redis_makes_late_counts_once() {
    let (mut redis, database) = (TestRedis::start_own().await, Database::default());
    let counter = process(Some(&redis)).await;
    see(&counter, 1, 0..10).await;
    for round in 1..=3 {
        redis.pause();
        let begun = Instant::now();
        see(&counter, 1, 0..10).await;
        assert!(begun.elapsed() < Duration::from_secs(20), "views wait for Redis: {:?}", begun.elapsed());
        database.flush(&counter).await.unwrap();
        redis.resume();
        eventually("Redis is used again", async || uses_redis(&counter, &redis).await).await;
        database.flush(&counter).await.unwrap();
        assert_eq!(database.views(subject(1)), 10 + 10 * round);
    }
}

#[tokio::test]
async fn a_step_that_never_came_to_redis_counts_once() {
    let (redis, database) = (TestRedis::start_own().await, Database::default());
    let proxy = Proxy::start(redis.url().trim_start_matches("redis://"));
    let settings = RedisSettings { url: proxy.url_of(&redis.url()), ..redis_of(&redis) };
    let counter = Counter::start(Settings { interval: Duration::ZERO, redis: Some(settings) }).await.unwrap();
    let other = process(Some(&redis)).await;
    for round in 1..=3 {
        see(&counter, 1, 0..10).await;
        proxy.swallow();
        see(&counter, 1, 0..10).await;
        // Meanwhile another closes the batch that it was for.
        database.flush(&other).await.unwrap();
        proxy.mend();
        proxy.cut();
        proxy.mend();
        eventually("Redis is used again", async || uses_redis(&counter, &redis).await).await;
        database.flush(&counter).await.unwrap();
        assert_eq!(database.views(subject(1)), 20 * round);
    }
}

#[tokio::test]
async fn a_redis_without_memory_is_as_good_as_none() {
    let (redis, database) = (TestRedis::start_own().await, Database::default());
    let counter = process(Some(&redis)).await;
    see(&counter, 1, 0..10).await;
    redis.fill_up().await;
    see(&counter, 1, 0..10).await;
    see(&counter, 1, 0..10).await;
    redis.make_room().await;
    eventually("Redis is used again", async || uses_redis(&counter, &redis).await).await;
    database.flush(&counter).await.unwrap();
    assert_eq!((database.views(subject(1)), database.viewers(subject(1))), (30, 10));
}

#[tokio::test]
async fn what_is_no_sketch_costs_the_viewers_and_not_the_views() {
    let (redis, database) = (TestRedis::start().await, Database::default());
    let counter = process(Some(&redis)).await;
    see(&counter, 1, 0..10).await;
    let end = subject(1).simple().to_string();
    let key = redis.keys().await.into_iter().find(|key| key.contains(&end)).unwrap();
    redis.command(&["SET", &key, "something else"]).await;
    database.flush(&counter).await.unwrap();
    assert_eq!((database.views(subject(1)), database.viewers(subject(1))), (10, 0));
}

#[tokio::test]
async fn a_url_that_makes_no_sense_is_refused_without_its_password() {
    let redis = Some(RedisSettings::new("redis:/secret@:x"));
    let error = Counter::start(Settings { redis, ..Settings::default() }).await.unwrap_err();
    assert!(!error.to_string().contains("secret"), "{error}");
}
