//! What is told of how lookups were answered, and of what made values invalid.

use std::pin::pin;
use std::time::{Duration, SystemTime};

use futures::poll;
use tidewater_cache::{
    About, AnsweredBy, Cache, Cause, Culprit, Dependency, Explanation, Footprint, MissReason, Missed, Position,
    RedisTold, Rows, Settings, Sharing, Space,
};
use tidewater_changelog::Value;
use tidewater_testkit::TestRedis;
use tokio::sync::Notify;

use crate::world::{Broken, Note, TRACKING, World, lookup, notes};

/// What is told of a request for these notes that arrives now.
async fn explained(world: &World, cache: &Cache, space: &Space<Note>, ids: &[i64]) -> Explanation {
    let request = cache.request();
    request.explain();
    world.read_for(space, &request, ids).await.unwrap();
    request.explanation().unwrap()
}

/// Why the only lookup of an explanation was missed.
fn missed(explanation: &Explanation) -> &Missed {
    assert_eq!(explanation.steps.len(), 1);
    explanation.steps[0].missed.as_ref().unwrap()
}

async fn cause(cache: &Cache, missed: &Missed) -> Cause {
    let (footprint, as_of) = missed.invalid.as_ref().unwrap();
    cache.cause(footprint, *as_of).await.unwrap()
}

async fn culprit(cache: &Cache, missed: &Missed) -> Culprit {
    match cause(cache, missed).await {
        Cause::Change(culprit) => *culprit,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn who_answered_is_told_of_each_lookup() {
    let (world, redis) = (World::new(), TestRedis::start().await);
    world.write(1, "one");
    world.filled(&redis, &[1]).await;
    let cache = world.cache_over(&redis).await;
    let space = notes(&cache);
    let told = explained(&world, &cache, &space, &[1, 2, 3]).await;
    let answered: Vec<_> = told.steps.iter().map(|step| (step.key[7], step.answered_by.unwrap())).collect();
    let source = AnsweredBy::Source(Some(0));
    assert_eq!(answered, [(1, AnsweredBy::Redis), (2, source), (3, source)]);
    assert_eq!((told.loads.len(), told.loads[0].lookups, told.omitted), (1, 2, 0));
    assert_eq!(told.loads[0].statements, 1);
    let never = Missed {
        reason: MissReason::NeverFilled,
        memory: MissReason::NeverFilled,
        redis: RedisTold::Nothing,
        invalid: None,
    };
    assert_eq!(told.steps[1].missed.as_ref(), Some(&never));
    let told = explained(&world, &cache, &space, &[1, 2, 3]).await;
    assert!(told.steps.iter().all(|step| step.answered_by == Some(AnsweredBy::Memory) && step.missed.is_none()));
    assert!(told.loads.is_empty());
}

#[tokio::test]
async fn a_value_is_as_old_as_its_read_from_the_source_whichever_process_made_it() {
    const PAUSE: Duration = Duration::from_millis(300);
    let (world, redis) = (World::new(), TestRedis::start().await);
    world.write(1, "one");
    world.filled(&redis, &[1]).await;
    let cache = world.cache_over(&redis).await;
    let space = notes(&cache);
    tokio::time::sleep(PAUSE).await;
    // By Redis, and then by memory.
    let mut youngest = PAUSE;
    for answered_by in [AnsweredBy::Redis, AnsweredBy::Memory] {
        let told = explained(&world, &cache, &space, &[1]).await;
        let step = &told.steps[0];
        assert_eq!(step.answered_by, Some(answered_by));
        let age = step.sourced_at.elapsed();
        assert!(age >= youngest && age < Duration::from_secs(60), "{age:?}");
        tokio::time::sleep(PAUSE).await;
        youngest = age + PAUSE;
    }
    world.write(1, "uno");
    let told = explained(&world, &cache, &space, &[1]).await;
    assert!(told.steps[0].sourced_at.elapsed() < PAUSE);
}

#[tokio::test]
async fn who_joins_another_lookup_is_told_what_memory_told() {
    let world = World::new();
    world.write(1, "one");
    let cache = world.cache().await;
    let space = notes(&cache);
    let (started, gate) = (Notify::new(), Notify::new());
    let load = async |_: Vec<usize>| {
        started.notify_one();
        gate.notified().await;
        Ok::<_, Broken>(world.load(&[1]))
    };
    let (led_for, request) = (cache.request(), cache.request());
    request.explain();
    // It has passed the gate, then, and waits for nothing else.
    world.read_for(&space, &request, &[2]).await.unwrap();
    let leading = space.read(&led_for, vec![lookup(1)], load);
    let joining = async {
        started.notified().await;
        let load = async |_: Vec<usize>| -> Result<_, Broken> { unreachable!("another loads it") };
        let mut joining = pin!(space.read(&request, vec![lookup(1)], load));
        assert!(poll!(&mut joining).is_pending());
        gate.notify_one();
        joining.await.unwrap()
    };
    let (led, joined) = tokio::join!(leading, joining);
    assert_eq!(led.unwrap(), joined);
    let told = request.explanation().unwrap();
    let step = &told.steps[1];
    assert_eq!(step.answered_by, Some(AnsweredBy::Joined));
    let missed = step.missed.as_ref().unwrap();
    assert_eq!((missed.memory, missed.redis), (MissReason::NeverFilled, RedisTold::NotAsked));
    assert_eq!(told.loads.len(), 1, "of the other note");
}

#[tokio::test]
async fn what_is_not_to_be_explained_is_not_written_down() {
    let world = World::new();
    let cache = world.cache().await;
    let request = cache.request();
    world.read_for(&notes(&cache), &request, &[1]).await.unwrap();
    assert!(request.explanation().is_none());
}

#[tokio::test]
async fn the_change_that_made_a_row_invalid_is_told_with_its_transaction_and_its_time() {
    let world = World::new();
    world.write(1, "old");
    let cache = world.cache().await;
    let space = notes(&cache);
    world.read(&cache, &space, &[1]).await;
    world.write(2, "of no interest");
    let before = SystemTime::now();
    world.write(1, "new");
    world.write(1, "newer");
    let told = explained(&world, &cache, &space, &[1]).await;
    let missed = missed(&told);
    assert_eq!((missed.reason, missed.memory), (MissReason::Changed, MissReason::Changed));
    let culprit = culprit(&cache, missed).await;
    assert_eq!((culprit.origin.transaction, culprit.origin.writer.as_deref()), (Some(3), Some("a test")));
    assert_eq!(culprit.part.rows, Rows::Key(vec![Value::Integer(1)]));
    assert_eq!((&*culprit.part.table, &culprit.part.about), ("note", &About::Anything));
    assert!(culprit.is_first);
    assert!(culprit.is_in(&missed.invalid.as_ref().unwrap().0));
    assert!(!culprit.is_in(&Footprint::from(Dependency::row("note", &[Value::Integer(2)]))));
    let tolerance = Duration::from_millis(100);
    assert!(culprit.seen_at + tolerance >= before && culprit.seen_at <= SystemTime::now() + tolerance);
}

#[tokio::test]
async fn a_change_of_the_whole_table_and_one_from_absence_are_told_as_such() {
    let world = World::new();
    let cache = world.cache().await;
    let space = notes(&cache);
    world.read(&cache, &space, &[1]).await;
    world.write(1, "it is there now");
    let told = explained(&world, &cache, &space, &[1]).await;
    let appeared = culprit(&cache, missed(&told)).await;
    assert_eq!(appeared.part.rows, Rows::Key(vec![Value::Integer(1)]));
    world.truncate();
    let told = explained(&world, &cache, &space, &[1]).await;
    let truncated = culprit(&cache, missed(&told)).await;
    assert_eq!((truncated.part.rows, truncated.origin.transaction), (Rows::All, Some(2)));
}

#[tokio::test]
async fn a_change_that_is_not_remembered_is_not_guessed() {
    let world = World::new();
    world.write(1, "old");
    let cache = world.cache_with(Settings { remembered_changes: 2, ..Settings::new(&TRACKING) }).await;
    let space = notes(&cache);
    world.read(&cache, &space, &[1, 2]).await;
    world.write(1, "new");
    for id in 10..15 {
        world.write(id, "of no interest");
        world.read(&cache, &space, &[100]).await;
    }
    let told = explained(&world, &cache, &space, &[1]).await;
    let missed = missed(&told);
    assert_eq!(missed.reason, MissReason::Changed);
    assert!(matches!(cause(&cache, missed).await, Cause::Older));
    world.write(2, "it is there now");
    let told = explained(&world, &cache, &space, &[2]).await;
    let culprit = culprit(&cache, told.steps[0].missed.as_ref().unwrap()).await;
    assert_eq!((culprit.origin.transaction, culprit.is_first), (Some(8), false), "there may have been an earlier one");
}

#[tokio::test]
async fn where_the_table_of_changes_has_forgotten_no_change_is_blamed() {
    let world = World::new();
    world.write(0, "old");
    let cache = world.cache_with(Settings { tide_table_bytes: 0, ..Settings::new(&TRACKING) }).await;
    let space = notes(&cache);
    world.read(&cache, &space, &[0]).await;
    // More than a table of the smallest size can tell apart.
    for id in 1..2_000 {
        world.write(id, "of no interest");
    }
    world.read(&cache, &space, &[-1]).await;
    for id in 2_000..2_100 {
        world.write(id, "of no interest");
        world.read(&cache, &space, &[-1]).await;
    }
    let told = explained(&world, &cache, &space, &[0]).await;
    assert_eq!(missed(&told).reason, MissReason::Changed);
    assert!(matches!(cause(&cache, missed(&told)).await, Cause::Forgotten));
}

#[tokio::test]
async fn what_redis_held_and_a_change_made_invalid_is_told_with_that_change() {
    let (world, redis) = (World::new(), TestRedis::start().await);
    world.write(1, "old");
    let cache = world.cache_over(&redis).await;
    world.filled(&redis, &[1]).await;
    world.write(1, "new");
    let told = explained(&world, &cache, &notes(&cache), &[1]).await;
    let missed = missed(&told);
    assert_eq!((missed.reason, missed.memory), (MissReason::Changed, MissReason::NeverFilled));
    assert_eq!(missed.redis, RedisTold::Missed(MissReason::Changed));
    assert_eq!(culprit(&cache, missed).await.origin.transaction, Some(2));
}

#[tokio::test]
async fn what_changed_before_this_node_began_is_older_than_what_it_remembers() {
    let (world, redis) = (World::new(), TestRedis::start().await);
    world.write(1, "old");
    world.filled(&redis, &[1]).await;
    world.write(1, "new");
    let cache = world.cache_over(&redis).await;
    let told = explained(&world, &cache, &notes(&cache), &[1]).await;
    assert_eq!(missed(&told).reason, MissReason::Changed);
    assert!(matches!(cause(&cache, missed(&told)).await, Cause::Older));
}

#[tokio::test]
async fn what_is_derived_tells_what_it_rests_on_and_why_it_is_made_anew() {
    let world = World::new();
    world.write(1, "one");
    let cache = world.cache().await;
    let pages = cache.derived("page", 1 << 20, Duration::from_secs(3_600));
    let space = notes(&cache);
    let read = async || {
        let request = cache.request();
        request.explain();
        if pages.get(&request, b"page", Default::default()).await.is_none() {
            let compute = async || (world.read_for(&space, &request, &[1]).await.unwrap(), Sharing::Kept { bytes: 9 });
            pages.read(&request, b"page", compute).await;
        }
        let told = request.explanation().unwrap();
        (told.derived.unwrap(), told.steps.len())
    };
    let (first, steps) = read().await;
    assert_eq!((first.answered_by, steps), (Some(AnsweredBy::Source(None)), 1));
    assert_eq!(first.missed.unwrap().reason, MissReason::NeverFilled);
    let (second, steps) = read().await;
    assert_eq!((second.answered_by, second.missed, steps), (Some(AnsweredBy::Memory), None, 0));
    let row = Footprint::from(Dependency::row("note", &[Value::Integer(1)]));
    assert_eq!((second.footprint.beyond([&row]), second.footprint.beyond([]) > 0), (0, true));
    world.write(1, "uno");
    let (third, _) = read().await;
    let missed = third.missed.unwrap();
    assert_eq!(missed.reason, MissReason::Changed);
    assert_eq!(culprit(&cache, &missed).await.origin.transaction, Some(2));
    assert!(third.as_of > Position::default());
}
