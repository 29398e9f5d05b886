use std::time::{Duration, Instant};

use futures::future::join_all;
use tidewater_limit::{Allowance, BATCHES, Settings};
use tidewater_testkit::{Log, Proxy, TestRedis};

use crate::world::{HOUR, admitted, anybody, eventually, quota, server, three_servers};

const UNITS: u64 = 1_000;

fn a_thousand_an_hour() -> Settings {
    Settings { requests: quota(UNITS, HOUR), ..Settings::default() }
}

async fn each(allowances: &[Allowance], requests: usize) -> Vec<u64> {
    join_all(allowances.iter().map(|allowance| admitted(allowance, requests))).await
}

#[tokio::test]
async fn without_redis_each_server_goes_on_by_itself_from_where_the_limit_stood_and_that_is_said_once() {
    let mut redis = TestRedis::start_own().await;
    let log = Log::capture();
    let servers = three_servers(&redis, a_thousand_an_hour()).await;
    let allowances = servers.each_ref().map(|server| anybody(server, "192.0.2.1"));
    assert_eq!(each(&allowances, 200).await.iter().sum::<u64>(), 600);
    redis.stop().await;

    let begun = Instant::now();
    let alone = each(&allowances, 1_500).await;
    assert!(begun.elapsed() < Duration::from_secs(30), "requests wait for Redis: {:?}", begun.elapsed());
    for admitted in alone {
        // What was left, as far as each had heard, and what it held.
        assert!((350..=650).contains(&admitted), "{admitted}");
    }
    for allowance in servers.each_ref().map(|server| anybody(server, "192.0.2.2")) {
        assert_eq!(admitted(&allowance, 1_500).await, UNITS, "per server, whom nobody knew");
    }
    // Each server says so once.
    eventually("each has said so", async || log.lines("each server limits rates by itself until it does") == 3).await;

    redis.start_again().await;
    eventually("Redis is used again", async || log.lines("Redis answers again") == 3).await;
    // It has forgotten everything.
    let error = 3 * UNITS / BATCHES;
    let again: u64 = each(&allowances, 1_000).await.iter().sum();
    assert!((UNITS - error..=UNITS + error).contains(&again), "{again}");
    assert_eq!(log.about_redis(), 6, "{log}");
}

#[tokio::test]
async fn what_redis_forgets_is_forgiven_once() {
    let redis = TestRedis::start().await;
    let servers = three_servers(&redis, a_thousand_an_hour()).await;
    let allowances = servers.each_ref().map(|server| anybody(server, "192.0.2.1"));
    let before: u64 = each(&allowances, 200).await.iter().sum();
    redis.flush_all().await;
    let after: u64 = each(&allowances, 1_000).await.iter().sum();
    let error = 3 * UNITS / BATCHES;
    assert_eq!(before, 600);
    assert!((UNITS - error..=UNITS + error).contains(&after), "{after}");
    redis.flush_all().await;
    // Until then, what was refused stays refused.
    assert_eq!(each(&allowances, 1).await, [0, 0, 0]);
}

#[tokio::test]
async fn a_silent_redis_costs_a_few_timeouts_at_most() {
    let redis = TestRedis::start_own().await;
    let proxy = Proxy::start(redis.url().trim_start_matches("redis://"));
    let settings = Settings { sign_in: quota(10, HOUR), account: quota(5, HOUR), ..a_thousand_an_hour() };
    let settings =
        Settings { redis: Some(tidewater_limit::RedisSettings::new(proxy.url_of(&redis.url()))), ..settings };
    let server = tidewater_limit::Limiter::start(settings).await.unwrap();
    assert_eq!(admitted(&anybody(&server, "192.0.2.1"), 50).await, 50);
    proxy.swallow();
    let begun = Instant::now();
    assert_eq!(admitted(&anybody(&server, "192.0.2.3"), 1_500).await, UNITS);
    for _ in 0..5 {
        let attempt = anybody(&server, "192.0.2.3").attempt(tidewater_limit::Purpose::SignIn, "ann").await;
        assert!(attempt.is_ok());
    }
    assert!(anybody(&server, "192.0.2.3").attempt(tidewater_limit::Purpose::SignIn, "ann").await.is_err());
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}: each waited for takes 150 s", begun.elapsed());
}

#[tokio::test]
async fn a_redis_that_is_not_there_yet_is_no_reason_not_to_start() {
    let mut redis = TestRedis::start_own().await;
    redis.stop().await;
    let server = server(Some(&redis), a_thousand_an_hour()).await;
    assert_eq!(admitted(&anybody(&server, "192.0.2.1"), 1_500).await, UNITS);
}

#[tokio::test]
async fn a_url_that_makes_no_sense_is_refused_without_its_password() {
    let redis = Some(tidewater_limit::RedisSettings::new("redis:/secret@:x"));
    let error = tidewater_limit::Limiter::start(Settings { redis, ..a_thousand_an_hour() }).await.unwrap_err();
    assert!(!error.to_string().contains("secret"), "{error}");
}
