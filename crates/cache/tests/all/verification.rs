//! Served values that are read from the source again.

use tidewater_cache::{Acceptance, Cache, Policy, Settings, Verification};
use tidewater_testkit::TestRedis;

use crate::world::{TRACKING, World, notes, settings_over, text};

async fn verifying(world: &World) -> Cache {
    world.cache_with(Settings { verify_share: 1.0, ..Settings::new(&TRACKING) }).await
}

fn verification(cache: &Cache) -> Verification {
    cache.statistics()[0].verification
}

#[tokio::test]
async fn a_right_value_is_proven() {
    let world = World::new();
    let cache = verifying(&world).await;
    let space = notes(&cache);
    world.read(&cache, &space, &[1, 2]).await;
    assert_eq!(verification(&cache), Verification::default(), "what was loaded just now needs no proof");
    world.read(&cache, &space, &[1, 2]).await;
    assert_eq!(verification(&cache), Verification { proven: 2, ..Verification::default() });
}

#[tokio::test]
async fn a_value_that_changed_where_no_log_sees_it_is_disproved_and_replaced() {
    let world = World::new();
    world.write(1, "old");
    let cache = verifying(&world).await;
    let space = notes(&cache);
    world.read(&cache, &space, &[1]).await;
    world.write_unlogged(1, "new");
    assert_eq!(world.read(&cache, &space, &[1]).await, [text("new")]);
    assert_eq!(verification(&cache), Verification { disproved: 1, ..Verification::default() });
    assert_eq!(world.read(&cache, &space, &[1]).await, [text("new")]);
    assert_eq!(verification(&cache), Verification { disproved: 1, ..Verification::default() }, "it was loaded again");
}

#[tokio::test]
async fn a_value_that_changed_since_it_was_served_is_not_held_against_it() {
    let world = World::new();
    world.write(1, "old");
    let cache = verifying(&world).await;
    let space = cache.space("note", 1, Policy::item());
    world.read(&cache, &space, &[1]).await;
    world.write(1, "new");
    let request = cache.request();
    request.accept(Acceptance::AtMost(std::time::Duration::from_secs(3_600)));
    assert_eq!(world.read_for(&space, &request, &[1]).await.unwrap(), [text("old")]);
    assert_eq!(verification(&cache), Verification { overtaken: 1, ..Verification::default() });
}

#[tokio::test]
async fn a_value_from_redis_is_verified_too() {
    let (world, redis) = (World::new(), TestRedis::start().await);
    world.write(1, "old");
    world.filled(&redis, &[1]).await;
    world.write_unlogged(1, "new");
    let cache = world.cache_with(Settings { verify_share: 1.0, ..settings_over(&redis) }).await;
    let space = notes(&cache);
    assert_eq!(world.read(&cache, &space, &[1]).await, [text("new")]);
    assert_eq!(cache.statistics()[0].redis_hits, 1);
    assert_eq!(verification(&cache), Verification { disproved: 1, ..Verification::default() });
}
