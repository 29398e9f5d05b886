use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use tidewater_changelog::{Change, Origin};

use crate::feed::{Feed, Follower, Lost};
use crate::gate::{Gate, Passage};
use crate::tide::TideWriter;
use crate::tracked::Tracked;
use crate::{Applied, Position};

struct World {
    feed: Arc<Feed>,
    position: u64,
}

impl World {
    fn new(capacity: usize) -> Self {
        Self { feed: Arc::new(Feed::new(capacity, 0)), position: 0 }
    }

    fn follower(&self) -> Follower {
        let (tide, _) = TideWriter::new(4 << 10, Arc::new(Tracked::new(&[])));
        Follower::new(Arc::clone(&self.feed), Arc::new(Gate::new()), tide, Duration::from_secs(1))
    }

    /// A poll that saw so many changes.
    fn apply(&mut self, changes: usize) {
        self.position += 1;
        let passage = Passage { position: Position::new(self.position), began: Instant::now() };
        let table = Change::Table { table: "todo".into() };
        self.feed.apply(passage, vec![table; changes], vec![Origin::default(); changes]);
    }
}

/// What there is for the follower by now.
fn next(follower: &mut Follower) -> Option<Result<u64, Lost>> {
    let next = follower.next().now_or_never()?;
    Some(next.map(|applied: Arc<Applied>| applied.position().get()))
}

#[tokio::test]
async fn each_follower_gets_what_comes_once_and_in_order() {
    let mut world = World::new(100);
    world.apply(1);
    let mut first = world.follower();
    world.apply(1);
    world.apply(0);
    let mut second = world.follower();
    world.apply(2);
    assert_eq!([next(&mut first), next(&mut first), next(&mut first)], [Some(Ok(2)), Some(Ok(4)), None]);
    assert_eq!([next(&mut second), next(&mut second)], [Some(Ok(4)), None]);
    world.apply(1);
    assert_eq!((next(&mut first), next(&mut second)), (Some(Ok(5)), Some(Ok(5))));
}

#[tokio::test]
async fn what_was_there_before_is_not_told() {
    let mut world = World::new(100);
    let mut follower = world.follower();
    world.apply(1);
    world.apply(1);
    follower.begin(Position::new(1));
    assert_eq!([next(&mut follower), next(&mut follower)], [Some(Ok(2)), None]);
}

#[tokio::test]
async fn one_that_is_too_slow_learns_that() {
    let mut world = World::new(3);
    let (mut slow, mut fast) = (world.follower(), world.follower());
    for position in 1..=4 {
        world.apply(1);
        assert_eq!(next(&mut fast), Some(Ok(position)));
    }
    assert_eq!(next(&mut slow), Some(Err(Lost::Behind)));
    // However much one poll saw, who was up to date gets it.
    world.apply(50);
    assert_eq!(next(&mut fast), Some(Ok(5)));
    assert_eq!(next(&mut slow), Some(Err(Lost::Behind)), "for good");
}

#[tokio::test]
async fn an_interruption_and_the_end_are_told() {
    let mut world = World::new(10);
    let mut follower = world.follower();
    world.apply(1);
    world.feed.interrupt(Position::new(world.position));
    world.apply(1);
    assert_eq!(next(&mut follower), Some(Err(Lost::Interrupted)), "even what came before");
    let mut later = world.follower();
    world.apply(1);
    world.feed.close();
    assert_eq!([next(&mut later), next(&mut later)], [Some(Ok(3)), Some(Err(Lost::Stopped))]);
}

#[tokio::test]
async fn nothing_is_kept_while_nobody_follows() {
    let mut world = World::new(10);
    let follower = world.follower();
    world.apply(5);
    drop(follower);
    assert_eq!(world.feed.followers(), 0);
    let mut later = world.follower();
    assert_eq!(next(&mut later), None);
    world.apply(1);
    assert_eq!(next(&mut later), Some(Ok(2)));
}
