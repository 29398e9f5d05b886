//! Waiting for what was computed to be no longer so.

use std::time::Duration;

use futures::future::join_all;
use futures::poll;
use tidewater_cache::{Basis, Cache, Request, Settings, Sharing, Space};

use crate::world::{Note, TRACKING, World, notes};

/// So often that a test is fast.
const FOLLOW: Duration = Duration::from_millis(2);

async fn world() -> (World, Cache, Space<Note>) {
    let world = World::new();
    (1..=3).for_each(|id| world.write(id, "one"));
    let cache = world.cache_with(Settings { follow_interval: FOLLOW, ..Settings::new(&TRACKING) }).await;
    let space = notes(&cache);
    (world, cache, space)
}

/// What a note that is read now rests on.
async fn basis(world: &World, cache: &Cache, space: &Space<Note>, id: i64) -> Basis {
    let request: Request = cache.request();
    let (read, basis) = request.with_basis(world.read_for(space, &request, &[id])).await;
    read.unwrap();
    basis.unwrap()
}

/// Waits until what has been written by now has been seen, and what follows from it done.
async fn seen(world: &World) {
    let begun = world.polls();
    // One may be under way, the next sees it, the one after it begins when that is known.
    world.polls_begun(begun + 3).await;
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn who_looks_is_told_when_and_only_when_something_changed() {
    let (world, cache, space) = world().await;
    let lookout = cache.look_out();
    let basis_of_one = basis(&world, &cache, &space, 1).await;
    {
        let changed = lookout.changed(&basis_of_one);
        tokio::pin!(changed);
        assert!(poll!(&mut changed).is_pending());
        world.write(2, "of no interest");
        world.delete(3);
        seen(&world).await;
        assert!(poll!(&mut changed).is_pending());
        world.write(1, "two");
        changed.await;
    }
    // It stays so.
    lookout.changed(&basis_of_one).await;
    let basis_of_one = basis(&world, &cache, &space, 1).await;
    assert!(poll!(Box::pin(lookout.changed(&basis_of_one))).is_pending(), "until it is computed anew");
}

#[tokio::test]
async fn what_changes_before_anybody_waits_is_not_missed() {
    let (world, cache, space) = world().await;
    let lookout = cache.look_out();
    let basis = basis(&world, &cache, &space, 1).await;
    world.write(1, "two");
    seen(&world).await;
    assert!(poll!(Box::pin(lookout.changed(&basis))).is_ready());
}

#[tokio::test]
async fn what_changes_while_it_is_computed_is_not_missed() {
    let (world, cache, space) = world().await;
    let lookout = cache.look_out();
    let request = cache.request();
    let read_and_changed = async |of: &Request, text: &str| {
        world.read_for(&space, of, &[1]).await.unwrap();
        world.write(1, text);
        seen(&world).await;
    };
    let ((), basis) = request.with_basis(read_and_changed(&request, "two")).await;
    assert!(poll!(Box::pin(lookout.changed(&basis.unwrap()))).is_ready());

    let responses = cache.derived::<()>("response", 1 << 20, Duration::from_secs(60));
    let request = cache.request();
    let compute = || async {
        read_and_changed(&request, "three").await;
        ((), Sharing::Once)
    };
    let (_, basis) = responses.read_with_basis(&request, b"key", compute).await;
    assert!(poll!(Box::pin(lookout.changed(&basis.unwrap()))).is_ready(), "a response");
}

#[tokio::test]
async fn whole_tables_and_new_histories_change_everything() {
    let (world, cache, space) = world().await;
    let lookout = cache.look_out();
    for change in [World::truncate, |world: &World| world.new_generation("two")] {
        let basis = basis(&world, &cache, &space, 1).await;
        let changed = lookout.changed(&basis);
        tokio::pin!(changed);
        assert!(poll!(&mut changed).is_pending());
        change(&world);
        changed.await;
    }
    let basis = basis(&world, &cache, &space, 1).await;
    assert!(poll!(Box::pin(lookout.changed(&basis))).is_pending(), "and then goes on as before");
}

#[tokio::test]
async fn each_of_many_is_told_of_its_own() {
    let (world, cache, space) = world().await;
    let lookouts: Vec<_> = (0..1_000).map(|_| cache.look_out()).collect();
    let (one, other) = (basis(&world, &cache, &space, 1).await, basis(&world, &cache, &space, 2).await);
    // Every third one stops to wait, so that others take their places.
    let mut waiting: Vec<_> = lookouts.iter().map(|lookout| Some(Box::pin(lookout.changed(&one)))).collect();
    for changed in &mut waiting {
        assert!(poll!(changed.as_mut().unwrap()).is_pending());
    }
    for changed in waiting.iter_mut().step_by(3) {
        *changed = None;
    }
    let mut others: Vec<_> = lookouts.iter().step_by(3).map(|lookout| Box::pin(lookout.changed(&other))).collect();
    for changed in &mut others {
        assert!(poll!(changed).is_pending());
    }
    world.write(1, "two");
    join_all(waiting.into_iter().flatten()).await;
    for changed in &mut others {
        assert!(poll!(changed).is_pending());
    }
    world.write(2, "two");
    join_all(others).await;
}

#[tokio::test]
async fn nothing_is_polled_unless_somebody_looks() {
    let (world, cache, _space) = world().await;
    let polls = world.polls();
    tokio::time::sleep(FOLLOW * 20).await;
    assert_eq!(world.polls(), polls, "nobody");
    let (one, other) = (cache.look_out(), cache.look_out());
    world.polls_begun(polls + 5).await;
    drop(one);
    world.polls_begun(world.polls() + 5).await;
    drop(other);
    seen_to_rest(&world).await;
    let polls = world.polls();
    let again = cache.look_out();
    world.polls_begun(polls + 5).await;
    drop(again);
    seen_to_rest(&world).await;
}

/// Waits until polls have stopped.
async fn seen_to_rest(world: &World) {
    let mut polls = world.polls();
    loop {
        tokio::time::sleep(FOLLOW * 20).await;
        if world.polls() == polls {
            return;
        }
        polls = world.polls();
    }
}
