use std::time::Duration;

use tidewater_cache::{Cache, MissReason, Misses, Policy, RedisSettings, Settings, Space, StartError};
use tidewater_testkit::TestRedis;

use crate::world::{Note, TRACKING, World, key, notes, settings_over, text};

/// A node over `redis` that has just read note 1 from the database; returns the key that it is stored under.
async fn filled(world: &World, redis: &TestRedis) -> (Cache, String) {
    let cache = world.filled(redis, &[1]).await;
    assert_eq!(world.take_loads(), [[1]]);
    let keys = redis.keys().await;
    assert_eq!(keys.len(), 1);
    (cache, keys.into_iter().next().unwrap())
}

/// What another node, which reads note 1, answers and counts.
async fn another(world: &World, redis: &TestRedis, policy: Policy) -> (Note, Misses) {
    let cache = world.cache_over(redis).await;
    let space = cache.space("note", 1, policy);
    let answer = world.read(&cache, &space, &[1]).await.remove(0);
    let counts = cache.statistics().remove(0);
    assert_eq!(counts.redis_hits + counts.misses.total(), 1);
    (answer, counts.misses)
}

/// One miss.
fn only(reason: MissReason) -> Misses {
    [(reason, 1)].into_iter().collect()
}

#[tokio::test]
async fn the_key_says_whose_value_it_is() {
    let (world, redis) = (World::new(), TestRedis::start().await);
    let (_cache, key) = filled(&world, &redis).await;
    assert_eq!(key, format!("{}one:note:0000000000000001:\0\0\0\0\0\0\0\u{1}", redis.prefix()));
}

#[tokio::test]
async fn another_node_is_served_what_is_valid() {
    let (world, redis) = (World::new(), TestRedis::start().await);
    world.write(1, "one");
    filled(&world, &redis).await;
    let (answer, misses) = another(&world, &redis, Policy::item()).await;
    assert_eq!((answer, misses), (text("one"), Misses::default()));
    assert!(world.take_loads().is_empty());
}

#[tokio::test]
async fn absence_is_shared_too() {
    let (world, redis) = (World::new(), TestRedis::start().await);
    filled(&world, &redis).await;
    let (answer, misses) = another(&world, &redis, Policy::item()).await;
    assert_eq!((answer, misses), (None, Misses::default()));
}

#[tokio::test]
async fn what_redis_served_is_then_served_from_memory() {
    let (world, redis) = (World::new(), TestRedis::start().await);
    filled(&world, &redis).await;
    let cache = world.cache_over(&redis).await;
    let space = notes(&cache);
    world.read(&cache, &space, &[1]).await;
    redis.flush_all().await;
    world.read(&cache, &space, &[1]).await;
    let counts = &cache.statistics()[0];
    assert_eq!((counts.redis_hits, counts.memory_hits, counts.misses.total()), (1, 1, 0));
}

#[tokio::test]
async fn what_is_dropped_by_hand_is_gone_from_redis_too() {
    let (world, redis) = (World::new(), TestRedis::start().await);
    let cache = world.cache_over(&redis).await;
    let space = notes(&cache);
    world.read(&cache, &space, &[1]).await;
    cache.drained().await;
    assert_eq!(redis.keys().await.len(), 1);
    assert!(space.drop_kept(&key(1)));
    cache.drained().await;
    assert_eq!(redis.keys().await, [""; 0]);
}

#[tokio::test]
async fn what_changed_since_is_a_miss() {
    let (world, redis) = (World::new(), TestRedis::start().await);
    world.write(1, "old");
    let (_cache, _) = filled(&world, &redis).await;
    world.write(1, "new");
    let (answer, misses) = another(&world, &redis, Policy::item()).await;
    assert_eq!((answer, misses), (text("new"), only(MissReason::Changed)));
}

#[tokio::test]
async fn what_another_space_or_fingerprint_stored_is_absent() {
    let (world, redis) = (World::new(), TestRedis::start().await);
    filled(&world, &redis).await;
    let cache = world.cache_over(&redis).await;
    let other: Space<Note> = cache.space("note", 2, Policy::item());
    world.read(&cache, &other, &[1]).await;
    assert_eq!(cache.statistics()[0].misses.of(MissReason::NeverFilled), 1);
}

#[tokio::test]
async fn what_is_too_old_for_this_nodes_policy_is_expired() {
    let (world, redis) = (World::new(), TestRedis::start().await);
    filled(&world, &redis).await;
    let (_, misses) = another(&world, &redis, Policy { ttl: Duration::ZERO, ..Policy::item() }).await;
    assert_eq!(misses, only(MissReason::Expired));
}

#[tokio::test]
async fn what_was_filled_before_the_log_begins_is_a_miss_though_nothing_is_known_to_have_changed() {
    let (world, redis) = (World::new(), TestRedis::start().await);
    world.write(1, "old");
    let (_cache, _) = filled(&world, &redis).await;
    world.write(1, "new");
    world.prune();
    let (answer, misses) = another(&world, &redis, Policy::item()).await;
    assert_eq!((answer, misses), (text("new"), only(MissReason::MarkTooOld)));
}

#[tokio::test]
async fn rubbish_is_a_miss_and_is_replaced() {
    let (world, redis) = (World::new(), TestRedis::start().await);
    let (_cache, key) = filled(&world, &redis).await;
    redis.command(&["SET", &key, "\u{1}rubbish, with a format byte that is right"]).await;
    let (answer, misses) = another(&world, &redis, Policy::item()).await;
    assert_eq!((answer, misses), (None, only(MissReason::Undecodable)));
}

#[tokio::test]
async fn a_value_that_was_moved_to_another_key_is_a_miss() {
    let (world, redis) = (World::new(), TestRedis::start().await);
    world.write(2, "two");
    let (_cache, key) = filled(&world, &redis).await;
    let other = key.replace('\u{1}', "\u{2}");
    redis.command(&["RENAME", &key, &other]).await;
    let cache = world.cache_over(&redis).await;
    assert_eq!(world.read(&cache, &notes(&cache), &[2]).await, [text("two")]);
    assert_eq!(cache.statistics()[0].misses.of(MissReason::Undecodable), 1);
}

#[tokio::test]
async fn a_value_of_another_type_under_the_same_fingerprint_is_a_miss() {
    let (world, redis) = (World::new(), TestRedis::start().await);
    world.write(1, "one");
    let cache = world.cache_over(&redis).await;
    let numbers: Space<u8> = cache.space("note", 1, Policy::item());
    let load = async |_: Vec<usize>| Ok::<_, crate::world::Broken>(vec![tidewater_cache::Found::new(200)]);
    numbers.read(&cache.request(), vec![crate::world::lookup(1)], load).await.unwrap();
    cache.drained().await;
    let (answer, misses) = another(&world, &redis, Policy::item()).await;
    assert_eq!((answer, misses), (text("one"), only(MissReason::Undecodable)));
}

#[tokio::test]
async fn a_batch_takes_what_each_tier_has() {
    let (world, redis) = (World::new(), TestRedis::start().await);
    (1..=9).for_each(|id| world.write(id, &id.to_string()));
    world.filled(&redis, &[1, 2, 3, 4, 5, 6]).await;
    let cache = world.cache_over(&redis).await;
    let space = notes(&cache);
    world.read(&cache, &space, &[1, 2]).await;
    world.take_loads();
    let answers = world.read(&cache, &space, &[9, 1, 8, 2, 7, 3, 6, 4, 5]).await;
    let expected: Vec<Note> = [9, 1, 8, 2, 7, 3, 6, 4, 5].iter().map(|id| text(&id.to_string())).collect();
    assert_eq!(answers, expected);
    assert_eq!(world.take_loads(), [[9, 8, 7]]);
}

#[tokio::test]
async fn a_value_expires_in_redis_with_jitter() {
    let (world, redis) = (World::new(), TestRedis::start().await);
    let cache = world.cache_over(&redis).await;
    let policy = Policy { ttl: Duration::from_secs(100), jitter: 0.5, ..Policy::item() };
    let space: Space<Note> = cache.space("note", 1, policy);
    world.read(&cache, &space, &(0..40).collect::<Vec<_>>()).await;
    cache.drained().await;
    let mut left = Vec::new();
    for key in redis.keys().await {
        left.push(redis.command(&["PTTL", &key]).await.as_i64().unwrap());
    }
    assert_eq!(left.len(), 40);
    assert!(left.iter().all(|left| (40_000..=100_000).contains(left)), "{left:?}");
    let (shortest, longest) = (left.iter().min().unwrap(), left.iter().max().unwrap());
    assert!(longest - shortest > 10_000, "{left:?}");
}

#[tokio::test]
async fn a_url_that_makes_no_sense_is_refused_without_its_password() {
    let world = World::new();
    let settings = Settings { redis: Some(RedisSettings::new("redis:/secret@:x")), ..Settings::new(&TRACKING) };
    let error = Cache::start(world.source(), settings).await.unwrap_err();
    assert!(matches!(error, StartError::RedisUrl(_)));
    assert!(!error.to_string().contains("secret"));
}

#[tokio::test]
async fn writes_that_do_not_fit_the_queue_are_dropped_and_counted() {
    let (world, redis) = (World::new(), TestRedis::start().await);
    let mut settings = settings_over(&redis);
    settings.redis_queue_length = 10;
    let cache = world.cache_with(settings).await;
    world.read(&cache, &notes(&cache), &(0..100).collect::<Vec<_>>()).await;
    cache.drained().await;
    let dropped = cache.health().redis.unwrap().dropped;
    assert_eq!(redis.keys().await.len() as u64 + dropped, 100);
    assert!(dropped > 0);
}
