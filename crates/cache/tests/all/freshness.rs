//! What a request may ask of its answers, and what is promised for it: bounds, marks, and answers while the source is gone.

use std::time::Duration;

use tidewater_cache::{Acceptance, Cache, GateError, HistoryMark, Policy, Provenance, Request, Settings, Space};
use tidewater_changelog::PollError;

use crate::world::{Note, ReadError, TRACKING, World, lookup, notes, text};

const HOUR: Duration = Duration::from_secs(3_600);

/// Notes of which nobody minds that they are an hour old.
fn relaxed(cache: &Cache) -> Space<Note> {
    cache.space("note", 1, Policy { max_staleness: HOUR, ..Policy::item() })
}

/// Notes that are served while the source cannot be asked, if they are less than an hour old.
fn lasting(cache: &Cache) -> Space<Note> {
    cache.space("note", 1, Policy { stale_if_error: HOUR, ..Policy::item() })
}

fn accepting(cache: &Cache, acceptance: Acceptance) -> Request {
    let request = cache.request();
    request.accept(acceptance);
    request
}

fn requiring(cache: &Cache, mark: &HistoryMark) -> Request {
    let request = cache.request();
    request.require(mark.clone());
    request
}

fn gone() -> PollError {
    PollError::Unreachable("gone".to_owned())
}

/// A node that has seen note 1 as "old", and a database in which it is "new" since.
async fn outdated() -> (World, Cache, Space<Note>) {
    let world = World::new();
    world.write(1, "old");
    let cache = world.cache().await;
    let space = relaxed(&cache);
    assert_eq!(world.read(&cache, &space, &[1]).await, [text("old")]);
    world.write(1, "new");
    (world, cache, space)
}

/// Two nodes that have seen note 1 as "new", and a database in which it is "newer" since. The other node has come as far as this
/// one's last poll, so that it would not look again for that mark's sake.
struct Behind {
    world: World,
    cache: Cache,
    space: Space<Note>,
    other: Cache,
    other_space: Space<Note>,
}

impl Behind {
    async fn start() -> Self {
        let (world, other, other_space) = outdated().await;
        let cache = world.cache().await;
        let space = relaxed(&cache);
        let strict = accepting(&other, Acceptance::AtMost(Duration::ZERO));
        assert_eq!(world.read_for(&other_space, &strict, &[1]).await.unwrap(), [text("new")]);
        world.write(1, "newer");
        Self { world, cache, space, other, other_space }
    }
}

#[tokio::test]
async fn a_policy_accepts_what_was_valid_within_its_bound_without_a_poll() {
    let (world, cache, space) = outdated().await;
    let polls = world.polls();
    let request = cache.request();
    assert_eq!(world.read_for(&space, &request, &[1]).await.unwrap(), [text("old")]);
    assert_eq!(world.polls(), polls);
    assert!(request.provenance().age > Duration::ZERO && request.provenance().age < HOUR);
}

#[tokio::test]
async fn a_request_may_accept_less_than_the_policy() {
    let (world, cache, space) = outdated().await;
    let strict = accepting(&cache, Acceptance::AtMost(Duration::ZERO));
    assert_eq!(world.read_for(&space, &strict, &[1]).await.unwrap(), [text("new")]);
    assert_eq!(strict.provenance().age, Duration::ZERO);
}

#[tokio::test]
async fn a_request_may_accept_more_than_the_policy() {
    let (world, cache, _) = outdated().await;
    let space = notes(&cache);
    assert_eq!(world.read(&cache, &space, &[1]).await, [text("new")]);
    world.write(1, "newer");
    let patient = accepting(&cache, Acceptance::AtMost(HOUR));
    assert_eq!(world.read_for(&space, &patient, &[1]).await.unwrap(), [text("new")]);
    assert_eq!(world.read(&cache, &space, &[1]).await, [text("newer")]);
}

#[tokio::test]
async fn a_bound_that_the_last_poll_does_not_meet_waits_for_another() {
    let (world, cache, space) = outdated().await;
    // The last poll began before this request arrived, by more than no time at all.
    let request = accepting(&cache, Acceptance::AtMost(Duration::from_nanos(1)));
    assert_eq!(world.read_for(&space, &request, &[1]).await.unwrap(), [text("new")]);
}

#[tokio::test]
async fn a_request_for_the_source_asks_no_memo_and_keeps_the_answer_for_others() {
    let (world, cache, space) = outdated().await;
    let (polls, _) = (world.polls(), world.take_loads());
    let request = accepting(&cache, Acceptance::Source { keep: true });
    assert_eq!(world.read_for(&space, &request, &[1, 2]).await.unwrap(), [text("new"), None]);
    assert_eq!((world.polls(), world.take_loads()), (polls, vec![vec![1, 2]]));
    assert_eq!(world.read(&cache, &space, &[1, 2]).await, [text("new"), None]);
    assert_eq!(world.take_loads(), Vec::<Vec<i64>>::new());
    assert_eq!(request.provenance().bypassed, 2);
}

#[tokio::test]
async fn a_request_that_wants_nothing_kept_leaves_nothing_behind() {
    let (world, cache, space) = outdated().await;
    let request = accepting(&cache, Acceptance::Source { keep: false });
    assert_eq!(world.read_for(&space, &request, &[1]).await.unwrap(), [text("new")]);
    assert_eq!(world.read(&cache, &space, &[1]).await, [text("old")]);
}

#[tokio::test]
async fn what_is_kept_of_the_source_is_invalidated_like_anything_else() {
    let world = World::new();
    let cache = world.cache().await;
    let space = notes(&cache);
    let request = accepting(&cache, Acceptance::Source { keep: true });
    assert_eq!(world.read_for(&space, &request, &[1]).await.unwrap(), [None]);
    world.write(1, "new");
    assert_eq!(world.read(&cache, &space, &[1]).await, [text("new")]);
}

#[tokio::test]
async fn a_mark_is_honoured_on_another_node_whatever_staleness_is_accepted() {
    let (world, other, other_space) = outdated().await;
    let cache = world.cache().await;
    let request = cache.request();
    world.write(1, "mine");
    cache.writing().settle(&request).await.unwrap();
    let mark = request.mark().await.unwrap();
    assert_eq!(world.read_for(&other_space, &other.request(), &[1]).await.unwrap(), [text("old")]);
    assert_eq!(world.read_for(&other_space, &requiring(&other, &mark), &[1]).await.unwrap(), [text("mine")]);
}

#[tokio::test]
async fn a_mark_that_is_known_already_costs_no_poll() {
    let (world, cache, space) = outdated().await;
    let request = cache.request();
    request.require(cache.request().mark().await.unwrap());
    let polls = world.polls();
    assert_eq!(world.read_for(&space, &request, &[1]).await.unwrap(), [text("old")]);
    assert_eq!(world.polls(), polls);
}

#[tokio::test]
async fn a_mark_includes_what_a_read_showed_though_no_poll_had_seen_it_yet() {
    let Behind { world, cache, space, other, other_space } = Behind::start().await;
    // Loaded just now, at a position from before.
    let request = cache.request();
    assert_eq!(world.read_for(&space, &request, &[1]).await.unwrap(), [text("newer")]);
    let loaded = request.mark().await.unwrap();
    assert_eq!(world.read_for(&other_space, &requiring(&other, &loaded), &[1]).await.unwrap(), [text("newer")]);
}

#[tokio::test]
async fn a_mark_includes_what_memory_had_from_the_source_since_the_last_poll() {
    let Behind { world, cache, space, other, other_space } = Behind::start().await;
    assert_eq!(world.read(&cache, &space, &[1]).await, [text("newer")]);
    let request = cache.request();
    assert_eq!(world.read_for(&space, &request, &[1]).await.unwrap(), [text("newer")]);
    assert_eq!(request.provenance().memory, 1);
    let held = request.mark().await.unwrap();
    assert_eq!(world.read_for(&other_space, &requiring(&other, &held), &[1]).await.unwrap(), [text("newer")]);
}

#[tokio::test]
async fn a_mark_of_another_history_makes_a_read_strict() {
    let (world, cache, space) = outdated().await;
    let foreign: HistoryMark = "another/S0".parse().unwrap();
    assert_eq!(world.read_for(&space, &requiring(&cache, &foreign), &[1]).await.unwrap(), [text("new")]);
    let newest: HistoryMark = "one/*".parse().unwrap();
    world.write(1, "newer");
    assert_eq!(world.read_for(&space, &requiring(&cache, &newest), &[1]).await.unwrap(), [text("newer")]);
}

#[tokio::test]
async fn a_mark_that_nobody_was_given_is_refused() {
    let (world, cache, space) = outdated().await;
    let ahead: HistoryMark = "one/S1000".parse().unwrap();
    let refused = world.read_for(&space, &requiring(&cache, &ahead), &[1]).await;
    assert!(matches!(refused, Err(ReadError::Gate(GateError::Ahead))), "{refused:?}");
}

#[tokio::test]
async fn strict_reads_fail_while_the_source_is_gone_and_opted_in_ones_say_so() {
    let world = World::new();
    world.write(1, "old");
    let cache = world.cache().await;
    let (strict, lasting) = (notes(&cache), lasting(&cache));
    assert_eq!(world.read(&cache, &lasting, &[1]).await, [text("old")]);
    assert_eq!(world.read(&cache, &strict, &[1]).await, [text("old")]);
    world.take_loads();

    for _ in 0..2 {
        world.fail_next_poll(gone());
        let refused = world.read_for(&strict, &cache.request(), &[1]).await;
        assert!(matches!(refused, Err(ReadError::Gate(GateError::Poll(_)))), "{refused:?}");
        world.fail_next_poll(gone());
        let request = cache.request();
        assert_eq!(world.read_for(&lasting, &request, &[1]).await.unwrap(), [text("old")]);
        let Provenance { stale, age, memory, .. } = request.provenance();
        assert!(stale && age > Duration::ZERO && memory == 1);
    }
    assert_eq!(cache.gate_statistics().stale, 2);

    world.write(1, "new");
    // Whoever was answered from before has seen to it that the source is asked again.
    let request = cache.request();
    while world.read_for(&lasting, &request, &[1]).await.unwrap() != [text("new")] {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.read(&cache, &strict, &[1]).await, [text("new")]);
}

#[tokio::test]
async fn what_is_not_held_is_not_asked_for_while_the_source_is_gone() {
    let world = World::new();
    let cache = world.cache().await;
    let space = lasting(&cache);
    world.take_loads();
    world.fail_next_poll(gone());
    let refused = world.read_for(&space, &cache.request(), &[1]).await;
    assert!(matches!(refused, Err(ReadError::Gate(_))), "{refused:?}");
    assert_eq!(world.take_loads(), Vec::<Vec<i64>>::new());
}

#[tokio::test]
async fn what_is_too_old_is_not_served_while_the_source_is_gone() {
    let world = World::new();
    let cache = world.cache().await;
    let policy = Policy { stale_if_error: Duration::from_nanos(1), ..Policy::item() };
    let space = cache.space("note", 1, policy);
    assert_eq!(world.read(&cache, &space, &[1]).await, [None]);
    world.fail_next_poll(gone());
    let refused = world.read_for(&space, &cache.request(), &[1]).await;
    assert!(matches!(refused, Err(ReadError::Gate(_))), "{refused:?}");
}

#[tokio::test]
async fn a_mark_is_honoured_while_the_source_is_gone() {
    let (world, other, _) = outdated().await;
    let cache = world.cache().await;
    let space = lasting(&other);
    assert_eq!(world.read(&other, &space, &[1]).await, [text("new")]);
    let known = other.request().mark().await.unwrap();
    world.write(1, "newer");
    let request = cache.request();
    cache.writing().settle(&request).await.unwrap();
    let mark = request.mark().await.unwrap();
    world.fail_next_poll(gone());
    let refused = world.read_for(&space, &requiring(&other, &mark), &[1]).await;
    assert!(matches!(refused, Err(ReadError::Gate(_))), "{refused:?}");
    world.fail_next_poll(gone());
    assert_eq!(world.read_for(&space, &requiring(&other, &known), &[1]).await.unwrap(), [text("new")]);
}

#[tokio::test]
async fn a_log_that_is_broken_is_no_reason_to_serve_what_is_old() {
    let world = World::new();
    let cache = world.cache().await;
    let space = lasting(&cache);
    assert_eq!(world.read(&cache, &space, &[1]).await, [None]);
    world.fail_next_poll(PollError::Unusable("tampered with".to_owned()));
    let refused = world.read_for(&space, &cache.request(), &[1]).await;
    assert!(matches!(refused, Err(ReadError::Gate(GateError::Poll(PollError::Unusable(_))))), "{refused:?}");
}

#[tokio::test]
async fn a_source_that_is_silent_fails_strict_reads_in_the_time_that_is_set() {
    let world = World::new();
    let limit = Duration::from_millis(200);
    let cache = world.cache_with(Settings { gate_timeout: limit, ..Settings::new(&TRACKING) }).await;
    let space = notes(&cache);
    world.hold_polls();
    let refused = world.read_for(&space, &cache.request(), &[1]).await;
    assert!(matches!(refused, Err(ReadError::Gate(GateError::TimedOut(after))) if after == limit), "{refused:?}");
    world.let_polls_end(2);
    assert_eq!(world.read(&cache, &space, &[1]).await, [None]);
}

#[tokio::test]
async fn a_loader_that_is_silent_fails_its_readers_in_the_time_that_is_set() {
    let world = World::new();
    let limit = Duration::from_millis(20);
    let cache = world.cache_with(Settings { load_timeout: limit, ..Settings::new(&TRACKING) }).await;
    let space = notes(&cache);
    let request = cache.request();
    let silent = async |_: Vec<usize>| std::future::pending().await;
    let refused: Result<_, ReadError> = space.read(&request, vec![lookup(1)], silent).await;
    assert!(matches!(refused, Err(ReadError::TimedOut(after)) if after == limit), "{refused:?}");
}

#[tokio::test]
async fn a_request_knows_what_served_it() {
    let world = World::new();
    let cache = world.cache().await;
    let space = notes(&cache);
    world.read(&cache, &space, &[1, 2]).await;
    let request = cache.request();
    world.read_for(&space, &request, &[1, 2, 3]).await.unwrap();
    let Provenance { memory, redis, joined, loaded, bypassed, stale, .. } = request.provenance();
    assert_eq!((memory, redis, joined, loaded, bypassed, stale), (2, 0, 0, 1, 0, false));
    assert!(request.provenance().gate_time > Duration::ZERO && request.provenance().database_time > Duration::ZERO);
}

#[tokio::test]
async fn an_invalidation_that_changed_nothing_counts_as_needless() {
    let world = World::new();
    world.write(1, "same");
    world.write(2, "old");
    let cache = world.cache().await;
    let space = notes(&cache);
    world.read(&cache, &space, &[1, 2]).await;
    world.write(1, "same");
    world.write(2, "new");
    world.read(&cache, &space, &[1, 2]).await;
    let statistics = &cache.statistics()[0];
    assert_eq!((statistics.invalidations, statistics.needless), (2, 1));
}
