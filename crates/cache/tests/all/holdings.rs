//! What the tiers hold, told without use of it.

use std::time::Duration;

use tidewater_cache::{
    Cache, Footprint, Found, Holding, Holdings, Lookup, MissReason, Policy, Settings, Space, SpaceStatistics,
};
use tidewater_testkit::TestRedis;

use crate::world::{Broken, Note, TRACKING, World, key, lookup, notes};

async fn holding(cache: &Cache, space: &Space<Note>, id: i64) -> Holdings {
    space.holdings(&cache.request(), &[lookup(id)]).await.unwrap()[0]
}

fn is_valid(holding: Holding) -> bool {
    matches!(holding, Holding::Valid { age, remaining } if age < Duration::from_secs(60) && !remaining.is_zero())
}

fn statistics(cache: &Cache) -> SpaceStatistics {
    cache.statistics().swap_remove(0)
}

#[tokio::test]
async fn what_memory_holds_is_told_and_why_it_holds_nothing() {
    let world = World::new();
    world.write(1, "one");
    let cache = world.cache().await;
    let space = notes(&cache);
    let memory = async |id| {
        let holdings = holding(&cache, &space, id).await;
        assert_eq!(holdings.redis, None);
        holdings.memory
    };
    assert_eq!(memory(1).await, Holding::Missed(MissReason::NeverFilled));
    world.read(&cache, &space, &[1]).await;
    assert!(is_valid(memory(1).await));
    world.write(1, "uno");
    assert_eq!(memory(1).await, Holding::Missed(MissReason::Changed), "before anybody has read it again");
    world.read(&cache, &space, &[1]).await;
    assert!(is_valid(memory(1).await));
    space.drop_kept(&key(1));
    assert_eq!(memory(1).await, Holding::Missed(MissReason::Dropped));
    world.read(&cache, &space, &[1]).await;
    world.new_generation("two");
    assert_eq!(memory(1).await, Holding::Missed(MissReason::Restarted));
}

#[tokio::test]
async fn what_redis_holds_is_told_beside_memory() {
    let (world, mut redis) = (World::new(), TestRedis::start().await);
    world.write(1, "one");
    let filler = world.cache_over(&redis).await;
    world.read(&filler, &notes(&filler), &[1]).await;
    filler.drained().await;
    let cache = world.cache_over(&redis).await;
    let space = notes(&cache);
    let told = holding(&cache, &space, 1).await;
    assert_eq!(told.memory, Holding::Missed(MissReason::NeverFilled));
    assert!(is_valid(told.redis.unwrap()), "{told:?}");
    assert_eq!(holding(&cache, &space, 2).await.redis, Some(Holding::Nothing));
    world.write(1, "uno");
    assert_eq!(holding(&cache, &space, 1).await.redis, Some(Holding::Missed(MissReason::Changed)));
    redis.stop().await;
    assert_eq!(holding(&cache, &space, 1).await.redis, Some(Holding::Missed(MissReason::RedisUnavailable)));
}

#[tokio::test]
async fn asking_fills_nothing_and_counts_for_nothing() {
    let (world, redis) = (World::new(), TestRedis::start().await);
    world.write(1, "one");
    let cache = world.cache_over(&redis).await;
    let space = notes(&cache);
    let before = statistics(&cache);
    for _ in 0..3 {
        holding(&cache, &space, 1).await;
    }
    assert!(world.take_loads().is_empty());
    assert_eq!((statistics(&cache), cache.memory_bytes()), (before, 0));
    world.read(&cache, &space, &[1]).await;
    cache.drained().await;
    world.write(1, "uno");
    let before = statistics(&cache);
    for _ in 0..3 {
        assert_eq!(holding(&cache, &space, 1).await.redis, Some(Holding::Missed(MissReason::Changed)));
    }
    assert_eq!(statistics(&cache), before, "what has changed is no invalidation until a reader finds it");
    cache.drained().await;
    assert_eq!(world.take_loads().len(), 1);
}

#[tokio::test]
async fn asking_keeps_nothing_from_being_given_up() {
    let world = World::new();
    let cache = world.cache_with(Settings { memory_bytes: 16_384, ..Settings::new(&TRACKING) }).await;
    let space: Space<String> = cache.space("text", 1, Policy::item());
    let text = |id| Lookup { key: key(id), dependencies: Footprint::default() };
    let read = async |id| {
        let load = async |_: Vec<usize>| Ok::<_, Broken>(vec![Found::new("x".repeat(1_000))]);
        space.read(&cache.request(), vec![text(id)], load).await.unwrap();
        cache.memory_bytes();
    };
    let memory = async || space.holdings(&cache.request(), &[text(0)]).await.unwrap()[0].memory;
    // Memory takes no notice of what is used before it is half full.
    for id in 0..8 {
        read(id).await;
    }
    for _ in 0..20 {
        assert!(is_valid(memory().await));
        cache.memory_bytes();
    }
    // What was used as often as it was asked for would outlive what is used thrice.
    for _ in 0..3 {
        for id in 1..40 {
            read(id).await;
        }
    }
    assert_eq!(memory().await, Holding::Missed(MissReason::Evicted));
}

#[tokio::test]
async fn what_is_not_kept_at_all_is_told_so() {
    let world = World::new();
    let cache = world.cache().await;
    let space: Space<Note> = cache.space("note", 1, Policy { enabled: false, ..Policy::item() });
    let told = holding(&cache, &space, 1).await;
    assert_eq!((told.memory, told.redis), (Holding::Missed(MissReason::Bypassed), None));
}
