use std::time::{Duration, Instant};

use tidewater_cache::{Cache, MissReason, Space};
use tidewater_testkit::{Log, TestRedis};

use crate::world::{Note, World, notes, settings_over, text};

const PATIENCE: Duration = Duration::from_secs(60);
/// No time at all, compared with what it takes if each read waits for a command that is not answered.
const SOON: Duration = Duration::from_secs(20);

/// Reads `ids`, each in a request of its own; returns how long that took altogether.
async fn read_each(world: &World, cache: &Cache, space: &Space<Note>, ids: std::ops::Range<i64>) -> Duration {
    let started = Instant::now();
    for id in ids {
        assert_eq!(world.read(cache, space, &[id]).await, [None]);
    }
    started.elapsed()
}

/// Reads ever new notes until Redis takes part again.
async fn until_redis_answers(world: &World, cache: &Cache, space: &Space<Note>) {
    let started = Instant::now();
    let mut id = 1_000_000;
    while !cache.health().redis.unwrap().reachable {
        id += 1;
        assert_eq!(world.read(cache, space, &[id]).await, [None]);
        assert!(started.elapsed() < PATIENCE, "Redis is not used again");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_flushed_redis_costs_loads_only() {
    let (world, redis) = (World::new(), TestRedis::start().await);
    world.write(1, "one");
    let log = Log::capture();
    let _cache = world.filled(&redis, &[1]).await;
    redis.flush_all().await;
    let other = world.cache_over(&redis).await;
    assert_eq!(world.read(&other, &notes(&other), &[1]).await, [text("one")]);
    assert_eq!(other.statistics()[0].misses.of(MissReason::NeverFilled), 1);
    assert_eq!(log.about_redis(), 0, "{log}");
}

#[tokio::test]
async fn a_redis_that_stops_and_comes_back_is_done_without_and_used_again_and_each_is_said_once() {
    let (world, mut redis) = (World::new(), TestRedis::start().await);
    let log = Log::capture();
    let cache = world.cache_over(&redis).await;
    let space = notes(&cache);
    read_each(&world, &cache, &space, 0..10).await;
    cache.drained().await;
    redis.stop().await;
    world.write(5, "new");
    assert_eq!(world.read(&cache, &space, &[5]).await, [text("new")]);
    let took = read_each(&world, &cache, &space, 100..200).await;
    assert!(took < SOON, "{took:?}");
    let counts = &cache.statistics()[0];
    assert!(counts.misses.of(MissReason::RedisUnavailable) >= 100, "{counts:?}");
    assert!(!cache.health().redis.unwrap().reachable);
    assert_eq!(log.about_redis(), 1, "{log}");
    redis.start_again().await;
    until_redis_answers(&world, &cache, &space).await;
    assert_eq!(log.about_redis(), 2, "{log}");
    read_each(&world, &cache, &space, 300..301).await;
    cache.drained().await;
    assert!(!redis.keys().await.is_empty());
}

#[tokio::test]
async fn a_redis_that_hangs_delays_a_few_reads_by_its_timeout() {
    let (world, mut redis) = (World::new(), TestRedis::start().await);
    let log = Log::capture();
    let cache = world.cache_over(&redis).await;
    let space = notes(&cache);
    read_each(&world, &cache, &space, 0..10).await;
    cache.drained().await;
    redis.pause();
    // Three commands wait for a second each, then one after each pause of the breaker.
    let took = read_each(&world, &cache, &space, 100..300).await;
    assert!(took < SOON, "{took:?}");
    assert_eq!(log.about_redis(), 1, "{log}");
    redis.resume();
    until_redis_answers(&world, &cache, &space).await;
    assert_eq!(log.about_redis(), 2, "{log}");
}

#[tokio::test]
async fn many_readers_of_a_redis_that_hangs_wait_once_and_together() {
    let (world, mut redis) = (World::new(), TestRedis::start().await);
    let cache = world.cache_over(&redis).await;
    let space = notes(&cache);
    read_each(&world, &cache, &space, 0..1).await;
    redis.pause();
    let started = Instant::now();
    let reads = (100..600).map(|id| {
        let (world, cache, space) = (&world, &cache, &space);
        async move { world.read(cache, space, &[id]).await }
    });
    futures::future::join_all(reads).await;
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_cache_starts_without_redis_and_uses_it_when_it_comes() {
    let (world, mut redis) = (World::new(), TestRedis::start().await);
    redis.stop().await;
    let log = Log::capture();
    let started = Instant::now();
    let cache = world.cache_with(settings_over(&redis)).await;
    let space = notes(&cache);
    read_each(&world, &cache, &space, 0..50).await;
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    redis.start_again().await;
    until_redis_answers(&world, &cache, &space).await;
    assert_eq!(log.about_redis(), 2, "{log}");
}

#[tokio::test]
async fn a_redis_restarted_with_an_old_dump_costs_misses_only() {
    let (world, mut redis) = (World::new(), TestRedis::start().await);
    (1..=3).for_each(|id| world.write(id, "old"));
    let cache = world.cache_over(&redis).await;
    let space = notes(&cache);
    world.read(&cache, &space, &[1, 2, 3]).await;
    cache.drained().await;
    let dump = redis.save_dump().await;
    world.write(1, "new");
    world.delete(2);
    assert_eq!(world.read(&cache, &space, &[1, 2, 3]).await, [text("new"), None, text("old")]);
    cache.drained().await;
    redis.restart_with_dump(&dump).await;
    for cache in [cache, world.cache_over(&redis).await] {
        assert_eq!(world.read(&cache, &notes(&cache), &[1, 2, 3]).await, [text("new"), None, text("old")]);
    }
}

#[tokio::test]
async fn a_redis_that_refuses_writes_is_still_read_from() {
    let (world, redis) = (World::new(), TestRedis::start().await);
    let log = Log::capture();
    let cache = world.cache_over(&redis).await;
    let space = notes(&cache);
    read_each(&world, &cache, &space, 0..3).await;
    cache.drained().await;
    redis.command(&["CONFIG", "SET", "maxmemory", "1"]).await;
    read_each(&world, &cache, &space, 10..30).await;
    cache.drained().await;
    let health = cache.health().redis.unwrap();
    assert_eq!((health.reachable, health.dropped), (true, 20));
    let other = world.cache_over(&redis).await;
    read_each(&world, &other, &notes(&other), 0..3).await;
    assert_eq!(other.statistics()[0].redis_hits, 3);
    assert_eq!(log.about_redis(), 0, "{log}");
}

#[tokio::test]
async fn the_log_says_why_there_is_no_connection() {
    let (world, redis) = (World::new(), TestRedis::start().await);
    redis.command(&["CONFIG", "SET", "requirepass", "secret"]).await;
    let log = Log::capture();
    let cache = world.cache_over(&redis).await;
    read_each(&world, &cache, &notes(&cache), 0..10).await;
    assert_eq!((log.about_redis(), log.lines("NOAUTH")), (1, 1));
}

#[tokio::test]
async fn the_last_clone_takes_its_connection_along() {
    let (world, redis) = (World::new(), TestRedis::start().await);
    let connections = async || {
        let list = redis.command(&["CLIENT", "LIST"]).await;
        list.as_str().unwrap().lines().count()
    };
    let before = connections().await;
    let cache = world.cache_over(&redis).await;
    let space = notes(&cache);
    drop(cache);
    let started = Instant::now();
    // Those that asked before may be there for a moment.
    while connections().await != before + 1 {
        assert!(started.elapsed() < PATIENCE, "the connection does not stay");
    }
    drop(space);
    while connections().await > before {
        assert!(started.elapsed() < PATIENCE, "the connection stays");
    }
}
