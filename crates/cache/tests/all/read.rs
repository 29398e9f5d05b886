use std::time::Duration;

use tidewater_cache::{Dependency, Footprint, Found, MissReason, Policy, Space};
use tidewater_changelog::{PollError, Value};

use crate::world::{Broken, Note, ReadError, World, lookup, notes, text};

#[tokio::test]
async fn a_warm_read_needs_no_load_and_a_changed_row_needs_one() {
    let world = World::new();
    world.write(1, "one");
    let cache = world.cache().await;
    let space = notes(&cache);
    assert_eq!(world.read(&cache, &space, &[1]).await, [text("one")]);
    assert_eq!(world.read(&cache, &space, &[1]).await, [text("one")]);
    assert_eq!(world.take_loads(), [[1]]);
    world.write(1, "two");
    assert_eq!(world.read(&cache, &space, &[1]).await, [text("two")]);
    assert_eq!(world.take_loads(), [[1]]);
}

#[tokio::test]
async fn a_change_of_one_row_leaves_others_cached() {
    let world = World::new();
    (1..=3).for_each(|id| world.write(id, "old"));
    let cache = world.cache().await;
    let space = notes(&cache);
    world.read(&cache, &space, &[1, 2, 3]).await;
    world.write(2, "new");
    assert_eq!(world.read(&cache, &space, &[1, 2, 3]).await, [text("old"), text("new"), text("old")]);
    assert_eq!(world.take_loads(), [vec![1, 2, 3], vec![2]]);
}

#[tokio::test]
async fn absence_is_cached_until_the_row_appears_and_again_once_it_is_gone() {
    let world = World::new();
    let cache = world.cache().await;
    let space = notes(&cache);
    assert_eq!(world.read(&cache, &space, &[7]).await, [None]);
    assert_eq!(world.read(&cache, &space, &[7]).await, [None]);
    assert_eq!(world.take_loads().len(), 1);
    world.write(7, "here");
    assert_eq!(world.read(&cache, &space, &[7]).await, [text("here")]);
    world.delete(7);
    assert_eq!(world.read(&cache, &space, &[7]).await, [None]);
}

#[tokio::test]
async fn a_change_of_the_whole_table_invalidates_every_row_of_it() {
    let world = World::new();
    world.write(1, "one");
    let cache = world.cache().await;
    let space = notes(&cache);
    world.read(&cache, &space, &[1, 2]).await;
    world.truncate();
    assert_eq!(world.read(&cache, &space, &[1, 2]).await, [None, None]);
}

#[tokio::test]
async fn a_lookup_given_twice_is_loaded_once_and_answers_keep_their_order() {
    let world = World::new();
    (1..=3).for_each(|id| world.write(id, &id.to_string()));
    let cache = world.cache().await;
    let space = notes(&cache);
    world.read(&cache, &space, &[2]).await;
    let ids = [3, 1, 3, 2, 1, 3];
    let expected: Vec<Note> = ids.iter().map(|id| text(&id.to_string())).collect();
    assert_eq!(world.read(&cache, &space, &ids).await, expected);
    assert_eq!(world.take_loads(), [vec![2], vec![3, 1]]);
}

#[tokio::test]
async fn no_lookups_need_no_load() {
    let world = World::new();
    let cache = world.cache().await;
    assert_eq!(world.read(&cache, &notes(&cache), &[]).await, []);
    let disabled = cache.space("off", 1, Policy { enabled: false, ..Policy::item() });
    assert_eq!(world.read(&cache, &disabled, &[]).await, []);
    assert!(world.take_loads().is_empty());
}

#[tokio::test]
async fn a_disabled_space_reads_the_source_in_one_call_and_needs_no_poll() {
    let world = World::new();
    world.write(1, "one");
    let cache = world.cache().await;
    let space = cache.space("off", 1, Policy { enabled: false, ..Policy::item() });
    let polls = world.polls();
    assert_eq!(world.read(&cache, &space, &[1, 2]).await, [text("one"), None]);
    world.read(&cache, &space, &[1, 2]).await;
    assert_eq!(world.take_loads(), [[1, 2], [1, 2]]);
    assert_eq!(world.polls(), polls);
    assert_eq!(cache.statistics()[0].misses.of(MissReason::Bypassed), 4);
}

#[tokio::test]
async fn what_the_loader_found_it_depends_on_counts_too() {
    let world = World::new();
    let cache = world.cache().await;
    let space: Space<i64> = cache.space("sum", 1, Policy::list());
    let read = async || {
        let load = async |_: Vec<usize>| {
            let length = world.load(&[2])[0].value.as_ref().map_or(0, |text| text.len() as i64);
            let dependencies = Footprint::from(Dependency::row("note", &[Value::Integer(2)]));
            Ok::<_, Broken>(vec![Found { dependencies, ..Found::new(length) }])
        };
        *space.read(&cache.request(), vec![lookup(1)], load).await.unwrap()[0]
    };
    assert_eq!(read().await, 0);
    world.write(2, "four");
    assert_eq!(read().await, 4);
    assert_eq!(read().await, 4);
    assert_eq!(world.take_loads().len(), 2);
}

#[tokio::test]
async fn a_fill_that_a_change_overtook_is_never_served() {
    let world = World::new();
    world.write(1, "old");
    let cache = world.cache().await;
    let space = notes(&cache);
    let late = world.read_while(&cache, &space, || world.write(1, "new")).await;
    assert_eq!(late, text("old"), "it was so when the request arrived");
    assert_eq!(world.read(&cache, &space, &[1]).await, [text("new")]);
}

#[tokio::test]
async fn a_fill_that_an_unnoticed_change_overtook_is_never_served() {
    let world = World::new();
    world.write(1, "old");
    let cache = world.cache().await;
    let space = notes(&cache);
    let load = async |_: Vec<usize>| {
        let found = world.load(&[1]);
        world.write(1, "new");
        Ok::<_, Broken>(found)
    };
    space.read(&cache.request(), vec![lookup(1)], load).await.unwrap();
    assert_eq!(cache.statistics()[0].fills, 1, "nothing told the cache yet");
    assert_eq!(world.read(&cache, &space, &[1]).await, [text("new")]);
}

#[tokio::test]
async fn an_accepted_staleness_spares_the_poll_and_a_strict_read_does_not() {
    let world = World::new();
    world.write(1, "old");
    let cache = world.cache().await;
    let space = cache.space("note", 1, Policy { max_staleness: Duration::from_secs(3_600), ..Policy::item() });
    world.read(&cache, &space, &[1]).await;
    let polls = world.polls();
    world.write(1, "new");
    assert_eq!(world.read(&cache, &space, &[1]).await, [text("old")]);
    assert_eq!(world.polls(), polls);
    assert_eq!(world.read(&cache, &notes(&cache), &[1]).await, [text("new")]);
    assert_eq!(world.read(&cache, &space, &[1]).await, [text("new")], "what one space learned holds for all");
}

#[tokio::test]
async fn the_loaders_error_and_the_gates_error_reach_the_reader() {
    let world = World::new();
    let cache = world.cache().await;
    let space = notes(&cache);
    let failing = async |_: Vec<usize>| Err(Broken("disk"));
    let error = space.read(&cache.request(), vec![lookup(1)], failing).await.unwrap_err();
    assert!(matches!(error, ReadError::Load(error) if *error == Broken("disk")));
    let silent = async |_: Vec<usize>| Ok::<_, Broken>(vec![]);
    let error = space.read(&cache.request(), vec![lookup(1)], silent).await.unwrap_err();
    assert!(matches!(error, ReadError::Miscounted { asked: 1, answered: 0 }));
    world.fail_next_poll(PollError::Unreachable("gone".to_owned()));
    let error = world.read_for(&space, &cache.request(), &[1]).await.unwrap_err();
    assert!(matches!(error, ReadError::Gate(_)));
    assert!(cache.health().source.is_some());
    assert_eq!(world.read(&cache, &space, &[1]).await, [None], "and the next request goes on");
    assert!(cache.health().source.is_none());
}

#[tokio::test]
async fn every_lookup_is_counted_once() {
    let world = World::new();
    let cache = world.cache().await;
    let space = notes(&cache);
    world.read(&cache, &space, &[1, 2, 1]).await;
    world.write(1, "one");
    world.read(&cache, &space, &[1, 2]).await;
    let counts = &cache.statistics()[0];
    assert_eq!((&*counts.name, counts.memory_hits, counts.joined, counts.fills), ("note", 1, 1, 3));
    assert_eq!(
        (counts.misses.of(MissReason::NeverFilled), counts.misses.of(MissReason::Changed), counts.misses.total()),
        (2, 1, 3)
    );
    assert_eq!(counts.invalidations, 1);
}
