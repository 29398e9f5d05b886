use tidewater_cache::{Policy, Space};
use tidewater_changelog::{Mark, PollError, Value};
use tidewater_testkit::TestRedis;

use crate::world::{Note, World, key, notes, text};

#[tokio::test]
async fn a_request_sees_its_own_write_at_any_staleness() {
    let world = World::new();
    world.write(1, "old");
    let cache = world.cache().await;
    let stale = Policy { max_staleness: std::time::Duration::from_secs(3_600), ..Policy::item() };
    let space: Space<Note> = cache.space("note", 1, stale);
    let request = cache.request();
    assert_eq!(world.read_for(&space, &request, &[1]).await.unwrap(), [text("old")]);
    let guard = cache.writing();
    world.write(1, "mine");
    guard.settle(&request).await.unwrap();
    assert_eq!(world.read_for(&space, &request, &[1]).await.unwrap(), [text("mine")]);
    assert_eq!(cache.mark(), Mark::Sequence(2));
}

#[tokio::test]
async fn a_settle_that_fails_says_so() {
    let world = World::new();
    let cache = world.cache().await;
    world.fail_next_poll(PollError::Unreachable("gone".to_owned()));
    assert!(cache.writing().settle(&cache.request()).await.is_err());
    assert!(cache.writing().settle(&cache.request()).await.is_ok());
}

#[tokio::test]
async fn the_rows_that_change_while_somebody_writes_are_unlinked() {
    let (world, redis) = (World::new(), TestRedis::start().await);
    (1..=2).for_each(|id| world.write(id, "old"));
    let cache = world.cache_over(&redis).await;
    let space = notes(&cache).of_rows("note", |row| match row {
        [Value::Integer(id)] => key(*id),
        _ => Box::default(),
    });
    world.read(&cache, &space, &[1, 2]).await;
    cache.drained().await;
    assert_eq!(redis.keys().await.len(), 2);
    world.write(2, "psql");
    world.read(&cache, &space, &[1]).await;
    cache.drained().await;
    assert_eq!(redis.keys().await.len(), 2, "nobody here wrote");
    let guard = cache.writing();
    world.write(1, "new");
    guard.settle(&cache.request()).await.unwrap();
    cache.drained().await;
    assert_eq!(redis.keys().await.len(), 1);
    assert_eq!(world.read(&cache, &space, &[1, 2]).await, [text("new"), text("psql")]);
}

#[tokio::test]
async fn a_write_goes_on_without_redis() {
    let (world, mut redis) = (World::new(), TestRedis::start().await);
    let cache = world.cache_over(&redis).await;
    let space = notes(&cache);
    world.read(&cache, &space, &[1]).await;
    redis.stop().await;
    world.write(1, "new");
    cache.writing().settle(&cache.request()).await.unwrap();
    assert_eq!(world.read(&cache, &space, &[1]).await, [text("new")]);
    cache.drained().await;
}
