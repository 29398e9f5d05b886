use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::FutureExt;
use futures::channel::oneshot;
use futures::future::{join, join_all};
use futures::poll;
use parking_lot::Mutex;
use tidewater_cache::{Cache, Found, Request, Space};

use crate::world::{Broken, Note, ReadError, World, lookup, notes, text};

/// A read whose loader waits, after it has read the source, until it is let go.
struct Held<'a> {
    world: &'a World,
    hold: Mutex<Option<oneshot::Receiver<()>>>,
}

impl<'a> Held<'a> {
    fn new(world: &'a World) -> (Self, oneshot::Sender<()>) {
        let (release, hold) = oneshot::channel();
        (Self { world, hold: Mutex::new(Some(hold)) }, release)
    }

    async fn read(&self, space: &Space<Note>, request: &Request, ids: &[i64]) -> Result<Vec<Arc<Note>>, ReadError> {
        let load = async |indices: Vec<usize>| {
            let found = self.world.load(&indices.iter().map(|index| ids[*index]).collect::<Vec<_>>());
            let hold = self.hold.lock().take();
            if let Some(hold) = hold {
                let _ = hold.await;
            }
            Ok(found)
        };
        space.read(request, ids.iter().copied().map(lookup).collect(), load).await
    }
}

async fn settled(cache: &Cache) -> Request {
    let request = cache.request();
    cache.writing().settle(&request).await.unwrap();
    request
}

#[tokio::test]
async fn a_key_under_way_is_loaded_once_for_all() {
    let world = World::new();
    world.write(1, "one");
    let cache = world.cache().await;
    let space = notes(&cache);
    let request = settled(&cache).await;
    let (held, release) = Held::new(&world);
    let mut leader = Box::pin(held.read(&space, &request, &[1, 2]));
    assert!(poll!(&mut leader).is_pending());
    let mut others = Box::pin(join_all((0..50).map(|_| world.read_for(&space, &request, &[2, 1, 3]))));
    assert!(poll!(&mut others).is_pending());
    release.send(()).unwrap();
    let (leader, others) = join(leader, others).await;
    assert_eq!(*leader.unwrap()[0], text("one"));
    for other in others {
        assert_eq!(other.unwrap(), [None, text("one"), None]);
    }
    assert_eq!(world.take_loads(), [vec![1, 2], vec![3]]);
    // Each of the 50 joined 1 and 2. The load of 3 does not wait, so that the next one finds it in memory.
    assert_eq!(cache.statistics()[0].joined, 100);
}

#[tokio::test]
async fn a_reader_never_joins_a_flight_older_than_its_position() {
    let world = World::new();
    world.write(1, "old");
    let cache = world.cache().await;
    let space = notes(&cache);
    let request = settled(&cache).await;
    let (held, release) = Held::new(&world);
    let mut early = Box::pin(held.read(&space, &request, &[1]));
    assert!(poll!(&mut early).is_pending());
    world.write(1, "new");
    let late = settled(&cache).await;
    // All that it needs is at hand, unless it waits for the flight.
    let answer = world.read_for(&space, &late, &[1]).now_or_never().expect("it joined an older flight");
    assert_eq!(answer.unwrap(), [text("new")]);
    release.send(()).unwrap();
    assert_eq!(*early.await.unwrap()[0], text("old"));
    assert_eq!(world.read(&cache, &space, &[1]).await, [text("new")], "the early fill came last and changes nothing");
    assert_eq!(world.take_loads().len(), 2);
}

#[tokio::test]
async fn whoever_joined_goes_on_when_the_leader_is_dropped() {
    let world = World::new();
    world.write(1, "one");
    let cache = world.cache().await;
    let space = notes(&cache);
    let request = settled(&cache).await;
    let (held, _release) = Held::new(&world);
    let mut leader = Box::pin(held.read(&space, &request, &[1]));
    assert!(poll!(&mut leader).is_pending());
    let mut others = Box::pin(join_all((0..10).map(|_| world.read_for(&space, &request, &[1]))));
    assert!(poll!(&mut others).is_pending());
    drop(leader);
    for other in others.await {
        assert_eq!(other.unwrap(), [text("one")]);
    }
    assert_eq!(world.take_loads().len(), 2, "one by the leader, one by the first who went on");
}

#[tokio::test]
async fn whoever_joined_shares_the_leaders_error() {
    let world = World::new();
    let cache = world.cache().await;
    let space = notes(&cache);
    let request = settled(&cache).await;
    let (release, hold) = oneshot::channel::<()>();
    let hold = Mutex::new(Some(hold));
    let failing = async |_: Vec<usize>| {
        let hold = hold.lock().take();
        let _ = hold.unwrap().await;
        Err(Broken("disk"))
    };
    let mut leader = Box::pin(space.read(&request, vec![lookup(1)], failing));
    assert!(poll!(&mut leader).is_pending());
    let mut other = Box::pin(world.read_for(&space, &request, &[1]));
    assert!(poll!(&mut other).is_pending());
    release.send(()).unwrap();
    let (leader, other) = join(leader, other).await;
    let (Err(ReadError::Load(led)), Err(ReadError::Load(joined))) = (leader, other) else { panic!("both fail") };
    assert!(Arc::ptr_eq(&led, &joined));
    assert_eq!(world.read_for(&space, &request, &[1]).await.unwrap(), [None], "an error is not kept");
}

#[tokio::test]
async fn a_reader_whose_loader_fails_otherwise_tries_for_itself() {
    let world = World::new();
    let cache = world.cache().await;
    let space = notes(&cache);
    let request = settled(&cache).await;
    let (release, hold) = oneshot::channel::<()>();
    let hold = Mutex::new(Some(hold));
    let failing = async |_: Vec<usize>| {
        let hold = hold.lock().take();
        let _ = hold.unwrap().await;
        Err::<Vec<Found<Note>>, _>("an error of another type")
    };
    let mut leader = Box::pin(space.read(&request, vec![lookup(1)], failing));
    assert!(poll!(&mut leader).is_pending());
    let mut other = Box::pin(world.read_for(&space, &request, &[1]));
    assert!(poll!(&mut other).is_pending());
    release.send(()).unwrap();
    let (leader, other) = join(leader, other).await;
    assert!(leader.is_err());
    assert_eq!(other.unwrap(), [None]);
}

#[tokio::test]
async fn two_batches_that_want_what_the_other_leads_do_not_wait_for_each_other() {
    let world = World::new();
    let cache = world.cache().await;
    let space = notes(&cache);
    let request = settled(&cache).await;
    let (first, release_first) = Held::new(&world);
    let (second, release_second) = Held::new(&world);
    let mut one = Box::pin(first.read(&space, &request, &[1]));
    let mut two = Box::pin(second.read(&space, &request, &[2, 1]));
    assert!(poll!(&mut one).is_pending());
    assert!(poll!(&mut two).is_pending());
    let mut three = Box::pin(world.read_for(&space, &request, &[3, 2, 1]));
    assert!(poll!(&mut three).is_pending());
    release_second.send(()).unwrap();
    release_first.send(()).unwrap();
    let ((one, two), three) = join(join(one, two), three).await;
    assert_eq!((one.unwrap().len(), two.unwrap().len(), three.unwrap().len()), (1, 2, 3));
    assert_eq!(world.take_loads(), [[1], [2], [3]]);
}

/// More answers at once than a task may take from Tokio's own channels before it has to yield.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_on_many_threads_load_each_key_once_for_each_version() {
    let world = World::new();
    (0..300).for_each(|id| world.write(id, "text"));
    let cache = world.cache().await;
    let space = notes(&cache);
    let answered = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..16_i64)
        .map(|task| {
            let (world, cache, space, answered) = (world.clone(), cache.clone(), space.clone(), Arc::clone(&answered));
            tokio::spawn(async move {
                let ids: Vec<i64> = (0..300).map(|id| (id * 7 + task) % 300).collect();
                let answers = world.read(&cache, &space, &ids).await;
                assert!(answers.iter().all(|note| *note == text("text")));
                answered.fetch_add(answers.len(), Ordering::Relaxed);
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(answered.load(Ordering::Relaxed), 16 * 300);
    let mut loaded: Vec<i64> = world.take_loads().concat();
    loaded.sort_unstable();
    assert_eq!(loaded, (0..300).collect::<Vec<_>>());
}
