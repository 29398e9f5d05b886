use std::time::Duration;

use futures::future::join_all;
use futures::poll;
use tidewater_cache::{Cache, GateError, Settings, StartError};
use tidewater_changelog::{ChangeSource, Mark, Poll, PollError};

use crate::world::{ReadError, TRACKING, World, notes, text};

#[tokio::test]
async fn a_strict_request_waits_for_a_poll_that_began_after_it() {
    let world = World::new();
    world.write(1, "old");
    let cache = world.cache().await;
    let space = notes(&cache);
    world.read(&cache, &space, &[1]).await;
    let begun = world.polls();
    world.hold_polls();
    let first = cache.request();
    let mut first = Box::pin(world.read_for(&space, &first, &[1]));
    assert!(poll!(&mut first).is_pending());
    world.polls_begun(begun + 1).await;
    // Committed after the poll under way has looked: that poll will not do for whoever arrives now.
    world.write(1, "new");
    let second = cache.request();
    let mut second = Box::pin(world.read_for(&space, &second, &[1]));
    assert!(poll!(&mut second).is_pending());
    world.let_polls_end(1);
    assert_eq!(first.await.unwrap(), [text("old")]);
    // The next poll has begun by itself, at once.
    world.polls_begun(begun + 2).await;
    assert!(poll!(&mut second).is_pending());
    world.let_polls_end(1);
    assert_eq!(second.await.unwrap(), [text("new")]);
    assert_eq!(world.polls(), begun + 2);
}

#[tokio::test]
async fn a_thousand_requests_share_the_poll_after_the_one_under_way() {
    let world = World::new();
    let cache = world.cache().await;
    let space = notes(&cache);
    let before = cache.gate_statistics();
    world.hold_polls();
    let one = cache.request();
    let mut one = Box::pin(world.read_for(&space, &one, &[1]));
    assert!(poll!(&mut one).is_pending());
    world.polls_begun(before.polls + 1).await;
    let reads = join_all((0..1_000).map(|_| async { world.read(&cache, &space, &[1]).await }));
    let mut reads = Box::pin(reads);
    assert!(poll!(&mut reads).is_pending());
    world.let_polls_end(2);
    one.await.unwrap();
    assert_eq!(reads.await.len(), 1_000);
    let after = cache.gate_statistics();
    assert_eq!(after.passes - before.passes, 1_001);
    assert_eq!(after.polls - before.polls, 2);
    assert_eq!(world.take_loads().len(), 1);
}

#[tokio::test]
async fn the_reads_of_one_request_share_one_pass() {
    let world = World::new();
    let cache = world.cache().await;
    let space = notes(&cache);
    let before = cache.gate_statistics();
    let request = cache.request();
    let reads = (0..10).map(|id| {
        let (world, space, request) = (&world, &space, &request);
        async move { world.read_for(space, request, &[id]).await.unwrap() }
    });
    join_all(reads).await;
    world.read_for(&space, &request, &[99]).await.unwrap();
    let after = cache.gate_statistics();
    assert_eq!((after.passes - before.passes, after.polls - before.polls), (1, 1));
}

#[tokio::test]
async fn a_later_read_of_a_request_may_use_a_poll_that_began_after_the_request() {
    let world = World::new();
    let cache = world.cache().await;
    let space = notes(&cache);
    let early = cache.request();
    world.read(&cache, &space, &[1]).await;
    let polls = world.polls();
    world.read_for(&space, &early, &[1]).await.unwrap();
    assert_eq!(world.polls(), polls);
}

#[tokio::test]
async fn nobody_polls_while_nobody_asks() {
    let world = World::new();
    let cache = world.cache().await;
    world.read(&cache, &notes(&cache), &[1]).await;
    let polls = world.polls();
    // There is one thread: whatever wants to run does so between any two of these.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.polls(), polls);
}

#[tokio::test]
async fn an_error_is_shared_by_those_who_waited_and_the_next_poll_goes_on_from_before() {
    let world = World::new();
    world.write(1, "old");
    let cache = world.cache().await;
    let space = notes(&cache);
    world.read(&cache, &space, &[1]).await;
    world.write(1, "new");
    let polls = world.polls();
    world.fail_next_poll(PollError::Unreachable("gone".to_owned()));
    let reads = join_all((0..10).map(|_| async { world.read_for(&space, &cache.request(), &[1]).await })).await;
    assert_eq!(world.polls(), polls + 1);
    for read in reads {
        assert!(matches!(read, Err(ReadError::Gate(GateError::Poll(PollError::Unreachable(_))))));
    }
    assert_eq!(world.read(&cache, &space, &[1]).await, [text("new")]);
}

#[tokio::test]
async fn a_poll_that_does_not_end_is_given_up_and_the_next_one_goes_on_from_before() {
    let world = World::new();
    world.write(1, "old");
    let settings = Settings { poll_timeout: Duration::from_millis(200), ..Settings::new(&TRACKING) };
    let cache = world.cache_with(settings).await;
    let space = notes(&cache);
    world.read(&cache, &space, &[1]).await;
    world.write(1, "new");
    world.hold_polls();
    let error = world.read_for(&space, &cache.request(), &[1]).await.unwrap_err();
    assert!(matches!(error, ReadError::Gate(GateError::TimedOut(_))));
    world.let_polls_end(1);
    assert_eq!(world.read(&cache, &space, &[1]).await, [text("new")]);
}

#[tokio::test]
async fn a_cache_over_a_source_that_cannot_be_asked_does_not_start() {
    let world = World::new();
    world.fail_next_poll(PollError::Unusable("no log".to_owned()));
    let error = Cache::start(world.source(), Settings::new(&TRACKING)).await.unwrap_err();
    assert!(matches!(error, StartError::Gate(GateError::Poll(PollError::Unusable(_)))));
}

/// A source that breaks its word.
struct Lying(Poll);

impl ChangeSource for Lying {
    async fn poll(&mut self) -> Result<Poll, PollError> {
        Ok(self.0.clone())
    }
}

/// A source that panics at its second poll.
struct Panicking(bool);

impl ChangeSource for Panicking {
    async fn poll(&mut self) -> Result<Poll, PollError> {
        assert!(!std::mem::replace(&mut self.0, true), "as it was told to");
        Ok(Poll::Restarted {
            generation: tidewater_changelog::Generation::new("g"),
            history: vec![(Mark::Sequence(1), vec![])],
        })
    }
}

#[tokio::test]
async fn a_source_without_a_beginning_is_refused() {
    let mark = Mark::Sequence(1);
    let continued = Lying(Poll::Continued { mark, changes: vec![], origins: vec![] });
    assert!(Cache::start(continued, Settings::new(&TRACKING)).await.is_err());
    let generation = tidewater_changelog::Generation::new("g");
    let restarted = Lying(Poll::Restarted { generation, history: vec![] });
    assert!(Cache::start(restarted, Settings::new(&TRACKING)).await.is_err());
}

#[tokio::test]
async fn nobody_hangs_when_the_source_panics() {
    let world = World::new();
    let cache = Cache::start(Panicking(false), Settings::new(&TRACKING)).await.unwrap();
    let space = notes(&cache);
    for _ in 0..2 {
        let error = world.read_for(&space, &cache.request(), &[1]).await.unwrap_err();
        assert!(matches!(error, ReadError::Gate(GateError::Stopped)));
    }
}
