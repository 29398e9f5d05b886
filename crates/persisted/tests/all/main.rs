//! Texts in a real Redis: how many there are at most, and what keeps them there.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::time::Duration;

use tidewater_persisted::{MOST_SHARED, RedisSettings, Settings, TextHash, Texts};
use tidewater_testkit::TestRedis;

const TTL: Duration = Duration::from_secs(1_000);

async fn texts(redis: &TestRedis, memory_bytes: u64, ttl: Duration) -> Texts {
    let command_timeout = Duration::from_secs(10);
    let redis = RedisSettings { prefix: redis.prefix().to_owned(), command_timeout, ..RedisSettings::new(redis.url()) };
    Texts::start(Settings { memory_bytes, ttl, redis: Some(redis) }).await.unwrap()
}

fn key(redis: &TestRedis, text: &str) -> String {
    format!("{}{{documents}}:{}", redis.prefix(), TextHash::of(text))
}

#[tokio::test]
async fn redis_holds_so_many_texts_and_forgets_what_was_not_used_longest() {
    let redis = TestRedis::start().await;
    let told = texts(&redis, 0, TTL).await;
    let text = |number: usize| format!("text {number}");
    told.keep(&text(0)).await;
    told.keep(&text(1)).await;
    // Uses are noted to the second, by the clock of Redis; so the first two are made old.
    let uses = format!("{}{{documents}}:uses", redis.prefix());
    for (number, used) in [(0, "1"), (1, "2")] {
        redis.command(&["ZADD", &uses, used, &TextHash::of(text(number)).to_string()]).await;
    }
    assert!(told.find(TextHash::of(text(0))).await.is_some(), "used now");
    for number in 2..MOST_SHARED {
        told.keep(&text(number)).await;
    }
    assert_eq!(redis.keys().await.len(), MOST_SHARED + 1, "and what notes their uses");
    told.keep(&text(MOST_SHARED)).await;
    assert_eq!(redis.keys().await.len(), MOST_SHARED + 1);
    let asked = texts(&redis, 0, TTL).await;
    assert_eq!(asked.find(TextHash::of(text(1))).await, None);
    assert!(asked.find(TextHash::of(text(0))).await.is_some());
    assert!(asked.find(TextHash::of(text(MOST_SHARED))).await.is_some());
}

#[tokio::test]
async fn everything_in_redis_expires() {
    let redis = TestRedis::start().await;
    texts(&redis, 1 << 20, TTL).await.keep("text").await;
    for key in redis.keys().await {
        let left = redis.command(&["TTL", &key]).await.as_i64().unwrap();
        assert!((1..=1_000).contains(&left), "{key}: {left}");
    }
}

#[tokio::test]
async fn a_text_in_memory_comes_back_to_a_redis_that_was_emptied() {
    let redis = TestRedis::start().await;
    // So short that each use is due to be noted, and so long that it is not over before it is used.
    let used = texts(&redis, 1 << 20, Duration::from_secs(4)).await;
    let hash = TextHash::of("text");
    used.keep("text").await;
    redis.flush_all().await;
    let key = key(&redis, "text");
    for _ in 0..1_000 {
        if used.find(hash).await.is_none() {
            // This machine was held up for longer than it lives.
            used.keep("text").await;
            redis.flush_all().await;
        }
        if redis.command(&["EXISTS", &key]).await == 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it did not come back");
}
