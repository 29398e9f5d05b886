use std::time::{Duration, Instant};

use chrono::NaiveDate;
use futures::future::join_all;
use tidewater_counter::{Counter, Full, RedisSettings, Settings, View, Viewer};
use tidewater_testkit::TestRedis;
use tokio::time::sleep;
use uuid::Uuid;

/// A process that counts, which takes what others have opened for left behind as soon as it sees it.
pub(crate) async fn process(redis: Option<&TestRedis>) -> Counter {
    Counter::start(Settings { interval: Duration::ZERO, redis: redis.map(redis_of) }).await.unwrap()
}

/// How `redis` is reached. A command which is late on a busy machine is none that failed.
pub(crate) fn redis_of(redis: &TestRedis) -> RedisSettings {
    let (prefix, command_timeout) = (redis.prefix().to_owned(), Duration::from_secs(1));
    RedisSettings { prefix, command_timeout, ..RedisSettings::new(redis.url()) }
}

pub(crate) fn subject(number: u32) -> Uuid {
    Uuid::from_u128(0x5ab_0000 + u128::from(number))
}

pub(crate) fn day(number: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, number).unwrap()
}

pub(crate) fn viewer(number: u64) -> Viewer {
    Viewer(u128::from(number).to_be_bytes())
}

/// On the first day.
pub(crate) fn view(seen: u32, by: u64) -> View {
    View { subject: subject(seen), day: day(1), viewer: viewer(by) }
}

/// Views by these, of whom as many at a time as a server might have.
pub(crate) async fn see(counter: &Counter, seen: u32, by: std::ops::Range<u64>) {
    for first in by.clone().step_by(500) {
        let some = first..by.end.min(first + 500);
        let counted = join_all(some.map(|by| counter.view(view(seen, by)))).await;
        assert!(counted.iter().all(Result::is_ok), "{counted:?}");
    }
}

/// Views of so many subjects.
pub(crate) async fn see_each(counter: &Counter, seen: std::ops::Range<u32>) -> Vec<Result<(), Full>> {
    join_all(seen.map(|seen| counter.view(view(seen, 0)))).await
}

/// Waits until `condition` holds.
pub(crate) async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !condition().await {
        assert!(begun.elapsed() < Duration::from_secs(60), "still not: {what}");
        sleep(Duration::from_millis(10)).await;
    }
}
