use tidewater_testkit::TestRedis;

use crate::world::{Broken, World, lookup, notes, text};

#[tokio::test]
async fn a_node_that_starts_finds_a_warm_redis_useful_at_once() {
    let (world, redis) = (World::new(), TestRedis::start().await);
    (1..=20).for_each(|id| world.write(id, "old"));
    let ids: Vec<i64> = (1..=20).collect();
    drop(world.filled(&redis, &ids).await);
    world.take_loads();
    // Nobody is there to see these.
    world.write(3, "new");
    world.delete(4);
    let cache = world.cache_over(&redis).await;
    let answers = world.read(&cache, &notes(&cache), &ids).await;
    assert_eq!((&answers[2], &answers[3], &answers[4]), (&text("new"), &None, &text("old")));
    assert_eq!(world.take_loads(), [[3, 4]]);
    assert_eq!(cache.statistics()[0].redis_hits, 18);
}

#[tokio::test]
async fn a_log_pruned_past_the_last_poll_voids_what_is_in_memory() {
    let world = World::new();
    world.write(1, "old");
    let cache = world.cache().await;
    let space = notes(&cache);
    world.read(&cache, &space, &[1]).await;
    world.write(1, "new");
    world.prune();
    assert_eq!(world.read(&cache, &space, &[1]).await, [text("new")]);
    assert_eq!(world.read(&cache, &space, &[1]).await, [text("new")]);
    assert_eq!(world.take_loads().len(), 2);
}

#[tokio::test]
async fn a_new_generation_voids_memory_and_leaves_redis_keys_behind() {
    let (world, redis) = (World::new(), TestRedis::start().await);
    world.write(1, "old");
    let cache = world.cache_over(&redis).await;
    let space = notes(&cache);
    world.read(&cache, &space, &[1]).await;
    cache.drained().await;
    world.new_generation("two");
    world.write_unlogged(1, "restored");
    assert_eq!(world.read(&cache, &space, &[1]).await, [text("restored")]);
    cache.drained().await;
    let mut keys = redis.keys().await;
    keys.sort();
    assert!(keys[0].contains("one:note:") && keys[1].contains("two:note:") && keys.len() == 2, "{keys:?}");
    let other = world.cache_over(&redis).await;
    assert_eq!(world.read(&other, &notes(&other), &[1]).await, [text("restored")]);
    assert_eq!(other.statistics()[0].redis_hits, 1);
}

#[tokio::test]
async fn a_fill_under_way_across_a_new_generation_is_not_stored() {
    let (world, redis) = (World::new(), TestRedis::start().await);
    world.write(1, "old");
    let cache = world.cache_over(&redis).await;
    let meanwhile = || {
        world.new_generation("two");
        world.write_unlogged(1, "restored");
        // The new log tells of nothing: only the restart itself says that what was read is void.
        world.prune();
    };
    world.read_while(&cache, &notes(&cache), meanwhile).await;
    cache.drained().await;
    assert!(redis.keys().await.is_empty());
    assert_eq!(cache.memory_bytes(), 0);
    assert_eq!(world.read(&cache, &notes(&cache), &[1]).await, [text("restored")]);
}

#[tokio::test]
async fn a_fill_that_ends_before_the_new_generation_is_noticed_stays_with_the_old_one() {
    let (world, redis) = (World::new(), TestRedis::start().await);
    world.write(1, "old");
    let cache = world.cache_over(&redis).await;
    let space = notes(&cache);
    let load = async |_: Vec<usize>| {
        let found = world.load(&[1]);
        world.new_generation("two");
        world.write_unlogged(1, "restored");
        Ok::<_, Broken>(found)
    };
    space.read(&cache.request(), vec![lookup(1)], load).await.unwrap();
    cache.drained().await;
    assert!(redis.keys().await.iter().all(|key| key.contains("one:note:")));
    assert_eq!(world.read(&cache, &space, &[1]).await, [text("restored")]);
}

#[tokio::test]
async fn positions_go_on_across_restarts() {
    let world = World::new();
    (1..=3).for_each(|id| world.write(id, "old"));
    let cache = world.cache().await;
    let space = notes(&cache);
    let before = cache.position();
    world.new_generation("two");
    world.read(&cache, &space, &[1]).await;
    let after = cache.position();
    assert!(after > before);
    world.read(&cache, &space, &[1]).await;
    assert_eq!(cache.position(), after, "a poll that saw nothing is no position");
}
