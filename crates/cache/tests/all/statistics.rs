//! What is counted, against what has happened.

use std::time::Duration;

use tidewater_cache::{Footprint, Forgotten, Found, Lookup, Policy, Settings, Sharing, Space};
use tidewater_changelog::PollError;
use tidewater_testkit::TestRedis;

use crate::world::{Broken, Note, TRACKING, World, key, notes};

#[tokio::test]
async fn what_memory_holds_is_counted_for_each_space() {
    const BOUND: u64 = 256 << 10;
    let world = World::new();
    let cache = world.cache_with(Settings { memory_bytes: BOUND, ..Settings::new(&TRACKING) }).await;
    let (small, large): (Space<String>, Space<String>) =
        (cache.space("small", 1, Policy::item()), cache.space("large", 1, Policy::item()));
    let read = async |space: &Space<String>, id: i64, size: usize| {
        let lookups = vec![Lookup { key: key(id), dependencies: Footprint::default() }];
        let load = async |_| Ok::<_, Broken>(vec![Found::new("x".repeat(size))]);
        space.read(&cache.request(), lookups, load).await.unwrap();
    };
    read(&small, 1, 10).await;
    read(&small, 2, 10).await;
    cache.memory_bytes();
    let before = cache.statistics();
    assert_eq!((before[0].entries, before[0].evictions, before[1].entries), (2, 0, 0));
    assert_eq!(before[0].bytes, cache.memory_bytes());

    for id in 0..1_000 {
        read(&large, id, 1_000).await;
    }
    let bytes = cache.memory_bytes();
    let now = cache.statistics();
    let [small_now, large_now] = &now[..] else { panic!("two spaces") };
    assert_eq!(small_now.bytes + large_now.bytes, bytes);
    assert!(bytes <= BOUND && large_now.entries < 1_000);
    assert_eq!(large_now.entries + large_now.evictions, 1_000, "each value is held, or was given up");
    assert_eq!(cache.memory_statistics()[0].bytes, bytes);
    assert_eq!(cache.memory_statistics()[0].most_bytes, BOUND);

    small.drop_kept(&key(1));
    world.new_generation("two");
    cache.writing().settle(&cache.request()).await.unwrap();
    // What is given up is forgotten a part at a time.
    while cache.memory_bytes() > 0 {
        tokio::task::yield_now().await;
    }
    let cleared = cache.statistics();
    assert_eq!((cleared[0].entries, cleared[1].entries, cleared[0].bytes + cleared[1].bytes), (0, 0, 0));
    assert_eq!(cleared[1].evictions, large_now.evictions, "what is given up on purpose is not evicted");
}

#[tokio::test]
async fn each_hit_has_an_age() {
    let (world, redis) = (World::new(), TestRedis::start().await);
    world.write(1, "one");
    let cache = world.cache_over(&redis).await;
    let space = notes(&cache);
    world.read(&cache, &space, &[1]).await;
    tokio::time::sleep(Duration::from_millis(30)).await;
    world.read(&cache, &space, &[1]).await;
    let memory = &cache.statistics()[0].memory_ages;
    assert_eq!((memory.count(), cache.statistics()[0].memory_hits), (1, 1));
    assert!(memory.sum() >= Duration::from_millis(30), "{:?}", memory.sum());
    cache.drained().await;

    let other = world.cache_over(&redis).await;
    world.read(&other, &notes(&other), &[1]).await;
    let redis = &other.statistics()[0].redis_ages;
    assert_eq!((redis.count(), other.statistics()[0].redis_hits), (1, 1));
    assert!(redis.sum() >= Duration::from_millis(20), "{:?}", redis.sum());
    let commands = other.redis_statistics().unwrap();
    assert!(commands.is_reachable && commands.latency.count() >= 1 && commands.unanswered == 0);

    let derived = cache.derived::<u32>("sum", 1 << 20, Duration::from_secs(60));
    for _ in 0..2 {
        let request = cache.request();
        if derived.get(&request, b"key", Default::default()).await.is_none() {
            let compute = || async {
                world.read_for(&space, &request, &[1]).await.unwrap();
                (1, Sharing::Kept { bytes: 4 })
            };
            derived.read(&request, b"key", compute).await;
        }
    }
    let sum = cache.statistics().into_iter().find(|space| &*space.name == "sum").unwrap();
    assert_eq!((sum.memory_hits, sum.memory_ages.count(), sum.entries, sum.evictions), (1, 1, 1, 0));
    assert_eq!(&*cache.memory_statistics()[1].name, "sum");

    // So large that memory does not take it.
    derived.read(&cache.request(), b"large", || async { (2, Sharing::Kept { bytes: 1 << 20 }) }).await;
    let sum = cache.statistics().into_iter().find(|space| &*space.name == "sum").unwrap();
    assert_eq!((sum.entries, sum.evictions), (1, 1));
}

#[tokio::test]
async fn what_the_table_has_forgotten_is_told_from_what_has_changed() {
    let world = World::new();
    for id in 0..2 {
        world.write(id, "kept");
    }
    let cache = world.cache_with(Settings { tide_table_bytes: 0, ..Settings::new(&TRACKING) }).await;
    let space: Space<Note> = notes(&cache);
    world.read(&cache, &space, &[0, 1]).await;
    let empty = cache.tide_table_statistics();
    assert_eq!((empty.capacity, empty.overwritten), (64 * 7, 0));

    // One has changed, and that is on record.
    world.write(1, "changed");
    world.read(&cache, &space, &[1]).await;
    let statistics = cache.statistics()[0].clone();
    assert_eq!((statistics.invalidations, statistics.needless, statistics.forgotten), (1, 0, Forgotten::default()));

    for id in 1_000..6_000 {
        world.write(id, "another");
    }
    world.read(&cache, &space, &[0]).await;
    let statistics = cache.statistics()[0].clone();
    assert_eq!(statistics.forgotten, Forgotten { found: 1, compared: 1, same: 1 });
    assert_eq!((statistics.invalidations, statistics.needless), (2, 1));
    let full = cache.tide_table_statistics();
    assert_eq!((full.entries, full.capacity), (64 * 7, 64 * 7), "all are in use");
    assert!(full.overwritten > 4_000, "{full:?}");
    assert!((full.false_invalidations - 1.0).abs() < f64::EPSILON);
}

#[tokio::test]
async fn what_is_found_in_redis_and_has_changed_is_counted_too() {
    let (world, redis) = (World::new(), TestRedis::start().await);
    world.write(1, "old");
    let cache = world.cache_over(&redis).await;
    world.read(&cache, &notes(&cache), &[1]).await;
    cache.drained().await;
    let other = world.cache_over(&redis).await;
    world.write(1, "new");
    world.read(&other, &notes(&other), &[1]).await;
    let statistics = &other.statistics()[0];
    assert_eq!((statistics.invalidations, statistics.needless, statistics.redis_hits), (1, 0, 0));
}

#[test]
fn what_is_false_is_estimated_by_what_was_compared() {
    let estimate = |found, compared, same| Forgotten { found, compared, same }.estimated_false();
    assert_eq!(estimate(0, 0, 0), 0.0);
    assert_eq!(estimate(10, 0, 0), 10.0);
    assert_eq!(estimate(10, 4, 1), 2.5);
    assert_eq!(estimate(10, 4, 0), 0.0);
}

#[tokio::test]
async fn reads_of_one_request_that_wait_together_are_one_pass_and_one_wait() {
    let world = World::new();
    world.write(1, "one");
    world.write(2, "two");
    let cache = world.cache().await;
    let space = notes(&cache);
    let before = cache.gate_statistics();
    let request = cache.request();
    let (one, other) = tokio::join!(world.read_for(&space, &request, &[1]), world.read_for(&space, &request, &[2]));
    assert_eq!((one.unwrap().len(), other.unwrap().len()), (1, 1));
    let now = cache.gate_statistics();
    assert_eq!((now.passes - before.passes, now.waits.count() - before.waits.count()), (1, 1));
}

#[tokio::test]
async fn polls_are_counted_with_what_they_saw_and_how_long_they_took() {
    let world = World::new();
    world.write(1, "one");
    let cache = world.cache().await;
    let space = notes(&cache);
    let begun = cache.gate_statistics();
    assert_eq!((begun.restarts, begun.changes, begun.failed), (1, 0, 0));
    world.write(1, "two");
    world.write(2, "three");
    world.read(&cache, &space, &[1]).await;
    let read = cache.gate_statistics();
    assert_eq!((read.changes, read.restarts), (2, 1));
    assert!(read.waits.count() > begun.waits.count() && read.latency.count() == read.polls, "{read:?}");

    world.fail_next_poll(PollError::Unreachable("gone".to_owned()));
    let failed = cache.writing().settle(&cache.request()).await;
    assert!(failed.is_err());
    let failed = cache.gate_statistics();
    assert_eq!((failed.failed, failed.latency.count()), (1, failed.polls));
}
