//! Three servers over one Redis: the error stays within what is promised.

use std::time::{Duration, Instant};

use futures::future::join_all;
use tidewater_limit::{Allowance, BATCHES, Limiter, Settings};
use tidewater_testkit::TestRedis;

use crate::world::{HOUR, admitted, anybody, eventually, quota, three_servers};

const SERVERS: u64 = 3;

fn everywhere(servers: &[Limiter; 3]) -> Vec<Allowance> {
    servers.iter().map(|server| anybody(server, "192.0.2.1")).collect()
}

/// Makes so many requests on each of several connections to each server at the same time.
async fn flood(allowances: &[Allowance], requests: usize) -> u64 {
    let connections = allowances.iter().flat_map(|allowance| [allowance; 4]);
    join_all(connections.map(|allowance| admitted(allowance, requests))).await.into_iter().sum()
}

#[tokio::test]
async fn together_they_admit_the_quota_less_at_most_what_each_holds() {
    let redis = TestRedis::start().await;
    let units = 5_000;
    let servers = three_servers(&redis, Settings { requests: quota(units, HOUR), ..Settings::default() }).await;
    let begun = Instant::now();
    let admitted = flood(&everywhere(&servers), 1_000).await;
    let back = begun.elapsed().as_nanos() as u64 * units / HOUR.as_nanos() as u64 + 1;
    let error = SERVERS * units / BATCHES;
    assert!((units - error..=units + back).contains(&admitted), "{admitted} of {units}, {back} came back");
}

#[tokio::test]
async fn what_they_hold_is_all_that_they_admit_beyond_the_quota_in_any_stretch_of_time() {
    let redis = TestRedis::start().await;
    let (units, window) = (5_000, Duration::from_secs(2));
    let servers = three_servers(&redis, Settings { requests: quota(units, window), ..Settings::default() }).await;
    let (allowances, error) = (everywhere(&servers), SERVERS * units / BATCHES);
    // Each takes a batch, and keeps what it does not spend until everything else has come back.
    assert_eq!(flood(&allowances, 1).await, 12);
    tokio::time::sleep(window).await;
    let begun = Instant::now();
    let admitted = flood(&allowances, 1_000).await;
    let back = (begun.elapsed().as_nanos() as u64 * units).div_ceil(window.as_nanos() as u64);
    assert!(admitted <= units + back + error, "{admitted} of {units}, {back} came back");
    assert!(admitted + error >= units, "{admitted} of {units}");
}

#[tokio::test]
async fn small_quotas_are_exact() {
    let redis = TestRedis::start().await;
    let servers = three_servers(&redis, Settings { requests: quota(60, HOUR), ..Settings::default() }).await;
    assert_eq!(flood(&everywhere(&servers), 20).await, 60);
}

#[tokio::test]
async fn requests_on_the_way_ask_redis_seldom() {
    let redis = TestRedis::start_own().await;
    let units = 1_000_000_000;
    let quota = quota(units, Duration::from_secs(1));
    let servers = three_servers(&redis, Settings { requests: quota, ..Settings::default() }).await;
    redis.command(&["CONFIG", "RESETSTAT"]).await;
    assert_eq!(flood(&everywhere(&servers), 10_000).await, 120_000);
    let statistics = redis.command(&["INFO", "commandstats"]).await;
    let calls = statistics
        .as_str()
        .unwrap()
        .lines()
        .find_map(|line| line.strip_prefix("cmdstat_eval:calls=")?.split(',').next());
    assert_eq!(calls, Some("3"), "{statistics}");
}

#[tokio::test]
async fn what_redis_holds_expires() {
    let redis = TestRedis::start().await;
    let settings = Settings { requests: quota(10, Duration::from_secs(2)), ..Settings::default() };
    let servers = three_servers(&redis, settings).await;
    flood(&everywhere(&servers), 5).await;
    assert_eq!(redis.keys().await, [format!("{}limit:requests:address:192.0.2.1", redis.prefix())]);
    eventually("it has expired", async || redis.keys().await.is_empty()).await;
}
