//! Each way for a value not to be there, forced, and told from the others.

use std::time::{Duration, Instant};

use tidewater_cache::{Cache, Derived, Footprint, Found, Lookup, MissReason, Misses, Policy, Settings, Sharing, Space};
use tidewater_testkit::TestRedis;

use crate::world::{Broken, Note, TRACKING, World, key, notes, settings_over, text};

const HOUR: Duration = Duration::from_secs(3_600);

/// What has been missed in the space that was made first.
fn missed(cache: &Cache) -> Misses {
    cache.statistics()[0].misses
}

fn counted(reasons: &[MissReason]) -> Misses {
    reasons.iter().map(|reason| (*reason, 1)).collect()
}

#[tokio::test]
async fn what_nobody_has_read_was_never_filled_and_neither_was_what_is_not_there() {
    let world = World::new();
    world.write(1, "one");
    let cache = world.cache().await;
    let space = notes(&cache);
    world.read(&cache, &space, &[1]).await;
    world.read(&cache, &space, &[404]).await;
    assert_eq!(missed(&cache), counted(&[MissReason::NeverFilled, MissReason::NeverFilled]));
}

#[tokio::test]
async fn what_changed_has_changed_whether_a_row_or_the_table_or_from_absence() {
    let world = World::new();
    let cache = world.cache().await;
    let space = notes(&cache);
    world.read(&cache, &space, &[1]).await;
    world.write(1, "it is there now");
    world.read(&cache, &space, &[1]).await;
    world.write(1, "it is another now");
    world.read(&cache, &space, &[1]).await;
    world.truncate();
    world.read(&cache, &space, &[1]).await;
    let changes = [MissReason::Changed; 3];
    assert_eq!(missed(&cache), counted(&[[MissReason::NeverFilled].as_slice(), &changes].concat()));
}

#[tokio::test]
async fn what_changed_while_it_was_read_has_changed_though_it_was_never_there() {
    let world = World::new();
    world.write(1, "old");
    let cache = world.cache().await;
    let space = notes(&cache);
    world.read_while(&cache, &space, || world.write(1, "new")).await;
    assert_eq!(world.read(&cache, &space, &[1]).await, [text("new")]);
    assert_eq!(missed(&cache), counted(&[MissReason::NeverFilled, MissReason::Changed]));
}

#[tokio::test]
async fn what_was_kept_for_its_time_has_expired() {
    let world = World::new();
    let cache = world.cache().await;
    let space: Space<Note> = cache.space("note", 1, Policy { ttl: Duration::from_millis(20), ..Policy::item() });
    let started = Instant::now();
    while missed(&cache).total() < 2 {
        world.read(&cache, &space, &[1]).await;
        assert!(started.elapsed() < Duration::from_secs(20));
    }
    assert_eq!(missed(&cache), counted(&[MissReason::NeverFilled, MissReason::Expired]));
}

#[tokio::test]
async fn what_memory_has_no_room_for_was_evicted() {
    let world = World::new();
    let cache = world.cache_with(Settings { memory_bytes: 4_096, ..Settings::new(&TRACKING) }).await;
    let space: Space<String> = cache.space("text", 1, Policy::item());
    let read = async |id| {
        let lookups = vec![Lookup { key: key(id), dependencies: Footprint::default() }];
        let load = async |_: Vec<usize>| Ok::<_, Broken>(vec![Found::new("x".repeat(1_000))]);
        space.read(&cache.request(), lookups, load).await.unwrap();
        cache.memory_bytes();
    };
    for id in 0..10 {
        read(id).await;
    }
    for id in 0..10 {
        read(id).await;
    }
    let misses = missed(&cache);
    assert_eq!(misses.of(MissReason::NeverFilled), 10);
    assert!(misses.of(MissReason::Evicted) >= 6, "{misses:?}");
    assert_eq!(misses.total(), 10 + misses.of(MissReason::Evicted));
}

#[tokio::test]
async fn what_was_dropped_by_hand_was_dropped() {
    let world = World::new();
    let cache = world.cache().await;
    let space = notes(&cache);
    world.read(&cache, &space, &[1]).await;
    space.drop_kept(&key(1));
    world.read(&cache, &space, &[1]).await;
    assert_eq!(missed(&cache), counted(&[MissReason::NeverFilled, MissReason::Dropped]));
}

#[tokio::test]
async fn what_was_kept_before_a_restart_went_with_it() {
    let world = World::new();
    let cache = world.cache().await;
    let space = notes(&cache);
    world.read(&cache, &space, &[1]).await;
    world.new_generation("two");
    world.read(&cache, &space, &[1]).await;
    world.read(&cache, &space, &[2]).await;
    assert_eq!(missed(&cache), counted(&[MissReason::NeverFilled, MissReason::Restarted, MissReason::NeverFilled]));
}

#[tokio::test]
async fn what_redis_tells_is_worth_more_than_that_memory_holds_nothing() {
    let (world, redis) = (World::new(), TestRedis::start().await);
    world.write(1, "old");
    world.filled(&redis, &[1]).await;
    world.write(1, "new");
    let cache = world.cache_over(&redis).await;
    let space = notes(&cache);
    world.read(&cache, &space, &[1]).await;
    world.read(&cache, &space, &[2]).await;
    assert_eq!(missed(&cache), counted(&[MissReason::Changed, MissReason::NeverFilled]));
}

#[tokio::test]
async fn what_memory_held_is_worth_more_than_what_redis_tells() {
    let (world, mut redis) = (World::new(), TestRedis::start().await);
    let cache = world.cache_with(settings_over(&redis)).await;
    let space = notes(&cache);
    world.read(&cache, &space, &[1]).await;
    cache.drained().await;
    redis.stop().await;
    world.write(1, "new");
    world.read(&cache, &space, &[1]).await;
    world.read(&cache, &space, &[2]).await;
    let reasons = [MissReason::NeverFilled, MissReason::Changed, MissReason::RedisUnavailable];
    assert_eq!(missed(&cache), counted(&reasons));
}

#[tokio::test]
async fn what_is_derived_tells_the_same() {
    let world = World::new();
    world.write(1, "one");
    let cache = world.cache().await;
    let pages: Derived<Vec<Note>> = cache.derived("page", 1 << 20, HOUR);
    let space = notes(&cache);
    let read = async |bytes| {
        let request = cache.request();
        if pages.get(&request, b"page", Default::default()).await.is_some() {
            return;
        }
        let compute = async || (world.read_for(&space, &request, &[1]).await.unwrap(), Sharing::Kept { bytes });
        pages.read(&request, b"page", compute).await;
    };
    read(1).await;
    world.write(1, "uno");
    read(1).await;
    world.new_generation("two");
    read(1 << 20).await;
    read(1).await;
    let reasons = [MissReason::NeverFilled, MissReason::Changed, MissReason::Restarted, MissReason::Evicted];
    assert_eq!(missed(&cache), counted(&reasons));
}
