use std::time::{Duration, Instant};

use tidewater_cache::{Footprint, Found, Lookup, Policy, Settings, Space};

use crate::world::{Broken, Note, TRACKING, World, key, notes};

#[tokio::test]
async fn a_scan_stays_within_the_bound() {
    const BOUND: u64 = 1 << 20;
    let world = World::new();
    let cache = world.cache_with(Settings { memory_bytes: BOUND, ..Settings::new(&TRACKING) }).await;
    let space: Space<String> = cache.space("text", 1, Policy::item());
    let request = cache.request();
    for batch in 0..50 {
        let lookup = |id| Lookup { key: key(id), dependencies: Footprint::default() };
        let lookups = (batch * 100..batch * 100 + 100).map(lookup).collect();
        let load = async |indices: Vec<usize>| {
            Ok::<_, Broken>(indices.iter().map(|_| Found::new("x".repeat(1_000))).collect())
        };
        space.read(&request, lookups, load).await.unwrap();
        assert!(cache.memory_bytes() <= BOUND);
    }
    assert!(cache.memory_bytes() > BOUND / 2, "and makes use of it");
    assert_eq!(cache.statistics()[0].fills, 5_000);
}

#[tokio::test]
async fn a_value_is_forgotten_when_its_time_is_over() {
    let world = World::new();
    let cache = world.cache().await;
    let ttl = Duration::from_millis(30);
    let space: Space<Note> = cache.space("note", 1, Policy { ttl, ..Policy::item() });
    let started = Instant::now();
    world.read(&cache, &space, &[1]).await;
    while world.take_loads().is_empty() || started.elapsed() < ttl / 2 {
        world.read(&cache, &space, &[1]).await;
        assert!(started.elapsed() < Duration::from_secs(10));
    }
}

#[tokio::test]
async fn a_time_to_live_of_zero_keeps_nothing() {
    let world = World::new();
    let cache = world.cache().await;
    let space: Space<Note> = cache.space("note", 1, Policy { ttl: Duration::ZERO, ..Policy::item() });
    world.read(&cache, &space, &[1]).await;
    world.read(&cache, &space, &[1]).await;
    assert_eq!(world.take_loads().len(), 2);
    assert_eq!(cache.memory_bytes(), 0);
}

#[tokio::test]
async fn spaces_do_not_see_each_others_values() {
    let world = World::new();
    let cache = world.cache().await;
    let (one, other) = (notes(&cache), notes(&cache));
    world.read(&cache, &one, &[1]).await;
    world.read(&cache, &other, &[1]).await;
    assert_eq!(world.take_loads().len(), 2);
}

#[tokio::test]
async fn a_value_that_depends_on_nothing_is_valid_until_a_restart() {
    let world = World::new();
    let cache = world.cache().await;
    let space: Space<u8> = cache.space("constant", 1, Policy::item());
    let read = async || {
        let lookups = vec![Lookup { key: Box::default(), dependencies: Footprint::default() }];
        let load = async |_: Vec<usize>| Ok::<_, Broken>(vec![Found::new(world.load(&[]).len() as u8)]);
        space.read(&cache.request(), lookups, load).await.unwrap();
    };
    read().await;
    world.write(1, "one");
    world.truncate();
    read().await;
    assert_eq!(world.take_loads().len(), 1);
    world.new_generation("two");
    read().await;
    assert_eq!(world.take_loads().len(), 1);
}
