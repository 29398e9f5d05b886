use std::net::IpAddr;
use std::time::{Duration, Instant};

use tidewater_limit::{Allowance, Limiter, Network, Quota, RedisSettings, Settings};
use tidewater_testkit::TestRedis;
use tokio::time::sleep;

pub(crate) const HOUR: Duration = Duration::from_secs(60 * 60);

/// So long that a command which is late on a busy machine is none that failed.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(1);

pub(crate) fn quota(units: u64, window: Duration) -> Option<Quota> {
    Some(Quota::new(units, window).unwrap())
}

pub(crate) fn network(text: &str) -> Network {
    text.parse::<IpAddr>().unwrap().into()
}

/// A server over `redis`, if there is one.
pub(crate) async fn server(redis: Option<&TestRedis>, settings: Settings) -> Limiter {
    let redis = redis.map(|redis| RedisSettings {
        prefix: redis.prefix().to_owned(),
        command_timeout: COMMAND_TIMEOUT,
        ..RedisSettings::new(redis.url())
    });
    Limiter::start(Settings { redis, ..settings }).await.unwrap()
}

pub(crate) async fn three_servers(redis: &TestRedis, settings: Settings) -> [Limiter; 3] {
    let mut servers = [(); 3].map(|()| Limiter::default());
    for one in &mut servers {
        *one = server(Some(redis), settings.clone()).await;
    }
    servers
}

/// Whoever is at that address, with no credential.
pub(crate) fn anybody(server: &Limiter, address: &str) -> Allowance {
    server.allowance(None, network(address))
}

/// Makes so many requests one after the other, and counts those that are admitted.
pub(crate) async fn admitted(allowance: &Allowance, requests: usize) -> u64 {
    let mut admitted = 0;
    for _ in 0..requests {
        admitted += u64::from(allowance.request().await.is_ok());
        // As on a server, where what is done in the background gets its turn.
        tokio::task::yield_now().await;
    }
    admitted
}

/// Waits until `condition` holds.
pub(crate) async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !condition().await {
        assert!(begun.elapsed() < Duration::from_secs(60), "still not: {what}");
        sleep(Duration::from_millis(10)).await;
    }
}
