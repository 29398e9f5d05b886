//! Values that are computed from what other reads answer.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::channel::oneshot;
use futures::future::join_all;
use futures::poll;
use tidewater_cache::{Acceptance, Cache, Derived, Policy, Request, Settings, Sharing, Space};
use tidewater_changelog::PollError;

use crate::world::{Note, TRACKING, World, notes};

const HOUR: Duration = Duration::from_secs(3_600);
const KEY: &[u8] = b"the first two notes";

/// The texts of notes 1 and 2, joined: derived from two reads.
struct Pages {
    world: World,
    cache: Cache,
    space: Space<Note>,
    pages: Derived<String>,
    computed: AtomicUsize,
}

impl Pages {
    async fn new() -> Self {
        Self::with(|settings| settings, notes).await
    }

    async fn with(adjust: impl FnOnce(Settings) -> Settings, space: impl FnOnce(&Cache) -> Space<Note>) -> Self {
        let world = World::new();
        world.write(1, "one");
        world.write(2, "two");
        world.write(3, "three");
        let cache = world.cache_with(adjust(Settings::new(&TRACKING))).await;
        let (space, pages) = (space(&cache), cache.derived("page", 1 << 20, HOUR));
        Self { world, cache, space, pages, computed: AtomicUsize::new(0) }
    }

    async fn compute(&self, request: &Request) -> (String, Sharing) {
        self.computed.fetch_add(1, Ordering::Relaxed);
        let mut texts = Vec::new();
        for id in [1, 2] {
            let read = self.world.read_for(&self.space, request, &[id]).await;
            texts.push(read.map_or_else(|error| error.to_string(), |notes| notes[0].clone().unwrap_or_default()));
        }
        let text = texts.join(" ");
        let bytes = text.len();
        (text, Sharing::Kept { bytes })
    }

    /// Computes, and then holds what was computed until it is let go.
    async fn compute_and_hold(&self, request: &Request, hold: oneshot::Receiver<()>) -> (String, Sharing) {
        let computed = self.compute(request).await;
        hold.await.unwrap();
        computed
    }

    async fn read_for(&self, request: &Request, acceptance: Acceptance) -> String {
        if let Some(page) = self.pages.get(request, KEY, acceptance).await {
            return (*page).clone();
        }
        request.accept(acceptance);
        (*self.pages.read(request, KEY, || self.compute(request)).await).clone()
    }

    async fn read(&self) -> String {
        self.read_for(&self.cache.request(), Acceptance::Policy).await
    }

    fn computed(&self) -> usize {
        self.computed.swap(0, Ordering::Relaxed)
    }
}

fn relaxed(cache: &Cache) -> Space<Note> {
    cache.space("note", 1, Policy { max_staleness: HOUR, ..Policy::item() })
}

#[tokio::test]
async fn it_is_computed_again_when_and_only_when_a_part_changed() {
    let pages = Pages::new().await;
    assert_eq!((pages.read().await.as_str(), pages.computed()), ("one two", 1));
    assert_eq!((pages.read().await.as_str(), pages.computed()), ("one two", 0));
    pages.world.write(3, "of no interest");
    assert_eq!((pages.read().await.as_str(), pages.computed()), ("one two", 0));
    pages.world.write(2, "deux");
    assert_eq!((pages.read().await.as_str(), pages.computed()), ("one deux", 1));
    pages.world.delete(1);
    assert_eq!((pages.read().await.as_str(), pages.computed()), (" deux", 1));
    pages.world.truncate();
    assert_eq!((pages.read().await.as_str(), pages.computed()), (" ", 1));
    pages.world.write(1, "back");
    assert_eq!((pages.read().await.as_str(), pages.computed()), ("back ", 1), "absence is a part, too");
    let statistics = pages.cache.statistics();
    let page = statistics.iter().find(|space| &*space.name == "page").unwrap();
    assert_eq!((page.memory_hits, page.invalidations, page.fills), (2, 4, 5));
}

#[tokio::test]
async fn a_change_while_it_is_computed_is_not_missed() {
    let pages = Pages::new().await;
    let request = pages.cache.request();
    let (release, hold) = oneshot::channel::<()>();
    let mut reading = Box::pin(pages.pages.read(&request, KEY, || pages.compute_and_hold(&request, hold)));
    assert!(poll!(&mut reading).is_pending());
    while pages.world.take_loads().len() < 2 {
        assert!(poll!(&mut reading).is_pending());
        tokio::task::yield_now().await;
    }
    pages.world.write(1, "uno");
    release.send(()).unwrap();
    assert_eq!(*reading.await, "one two", "as it was when the request arrived");
    assert_eq!(pages.read().await, "uno two");
}

#[tokio::test]
async fn it_is_computed_once_for_all_who_ask_at_the_same_time() {
    let pages = Pages::new().await;
    let all = join_all((0..100).map(|_| pages.read())).await;
    assert!(all.iter().all(|page| page == "one two"));
    assert_eq!(pages.computed(), 1);
}

#[tokio::test]
async fn who_waits_for_what_another_computes_is_counted_as_having_joined() {
    let pages = Pages::new().await;
    let request = pages.cache.request();
    let (release, hold) = oneshot::channel::<()>();
    let mut reading = Box::pin(pages.pages.read(&request, KEY, || pages.compute_and_hold(&request, hold)));
    while pages.computed.load(Ordering::Relaxed) == 0 {
        assert!(poll!(&mut reading).is_pending());
        tokio::task::yield_now().await;
    }
    let mut joining = Box::pin(pages.read());
    for _ in 0..1_000 {
        assert!(poll!(&mut reading).is_pending() && poll!(&mut joining).is_pending());
        tokio::task::yield_now().await;
    }
    release.send(()).unwrap();
    assert_eq!((reading.await.as_str(), joining.await.as_str()), ("one two", "one two"));
    let statistics = pages.cache.statistics();
    let counted = statistics.iter().find(|space| &*space.name == "page").unwrap();
    assert_eq!((counted.misses.total(), counted.joined, counted.memory_hits), (1, 1, 0));
}

#[tokio::test]
async fn who_arrives_after_a_change_joins_nobody_who_began_before() {
    let pages = Pages::new().await;
    let request = pages.cache.request();
    let (release, hold) = oneshot::channel::<()>();
    let mut leader = Box::pin(pages.pages.read(&request, KEY, || pages.compute_and_hold(&request, hold)));
    while pages.world.take_loads().is_empty() || pages.computed() == 0 {
        assert!(poll!(&mut leader).is_pending());
        tokio::task::yield_now().await;
    }
    pages.world.write(2, "deux");
    assert_eq!(pages.read().await, "one deux");
    release.send(()).unwrap();
    leader.await;
    assert_eq!(pages.read().await, "one deux");
}

#[tokio::test]
async fn who_joined_goes_on_when_the_leader_is_dropped() {
    let pages = Pages::new().await;
    let request = pages.cache.request();
    let mut leader = Box::pin(pages.pages.read(&request, KEY, std::future::pending));
    assert!(poll!(&mut leader).is_pending());
    let mut other = Box::pin(pages.read());
    for _ in 0..100 {
        assert!(poll!(&mut other).is_pending());
        tokio::task::yield_now().await;
    }
    drop(leader);
    assert_eq!((other.await.as_str(), pages.computed()), ("one two", 1));
}

#[tokio::test]
async fn it_is_as_fresh_as_the_strictest_of_its_parts() {
    let pages = Pages::with(|settings| settings, relaxed).await;
    assert_eq!(pages.read().await, "one two");
    pages.world.write(1, "uno");
    assert_eq!(pages.read().await, "one two", "all parts may be an hour old");
    let strict = Acceptance::AtMost(Duration::ZERO);
    assert_eq!(pages.read_for(&pages.cache.request(), strict).await, "uno two");

    let pages = Pages::new().await;
    let strict = notes(&pages.cache);
    let mixed = |request: Request| {
        let (pages, strict) = (&pages, &strict);
        async move {
            if let Some(page) = pages.pages.get(&request, b"mixed", Acceptance::AtMost(HOUR)).await {
                return (*page).clone();
            }
            let compute = || async {
                // Who asks is found out before it is known what they accept.
                let one = pages.world.read_for(strict, &request, &[1]).await.unwrap();
                request.accept(Acceptance::AtMost(HOUR));
                let two = pages.world.read_for(&pages.space, &request, &[2]).await.unwrap();
                (format!("{one:?} {two:?}"), Sharing::Kept { bytes: 1 })
            };
            (*pages.pages.read(&request, b"mixed", compute).await).clone()
        }
    };
    let before = mixed(pages.cache.request()).await;
    pages.world.write(1, "uno");
    assert_ne!(mixed(pages.cache.request()).await, before, "what was read before the acceptance stays strict");
}

#[tokio::test]
async fn what_is_answered_while_the_source_is_gone_is_neither_kept_nor_shared() {
    let lasting = |cache: &Cache| cache.space("note", 1, Policy { stale_if_error: HOUR, ..Policy::item() });
    let pages = Pages::with(|settings| settings, lasting).await;
    pages.world.read(&pages.cache, &pages.space, &[1, 2]).await;
    pages.world.write(1, "uno");
    pages.world.fail_next_poll(PollError::Unreachable("gone".to_owned()));
    let request = pages.cache.request();
    assert_eq!(pages.read_for(&request, Acceptance::Policy).await, "one two");
    assert!(request.provenance().stale);
    let content = Acceptance::AtMost(HOUR);
    assert!(pages.pages.get(&pages.cache.request(), KEY, content).await.is_none(), "it is not kept");
    let recovered = async {
        while pages.read().await != "uno two" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), recovered).await.unwrap();
}

#[tokio::test]
async fn what_rests_on_the_unknown_is_not_kept() {
    let pages = Pages::new().await;
    for _ in 0..2 {
        let request = pages.cache.request();
        let compute = || async {
            request.rests_on_the_unknown();
            pages.compute(&request).await
        };
        assert!(pages.pages.get(&request, KEY, Acceptance::Policy).await.is_none());
        pages.pages.read(&request, KEY, compute).await;
    }
    assert_eq!(pages.computed(), 2);

    let unkept = |cache: &Cache| cache.space("note", 1, Policy { enabled: false, ..Policy::item() });
    let pages = Pages::with(|settings| settings, unkept).await;
    pages.read().await;
    pages.world.write_unlogged(1, "uno");
    assert_eq!(pages.read().await, "uno two", "a space that keeps nothing is not kept by another");
}

#[tokio::test]
async fn what_takes_more_than_its_share_is_not_kept() {
    let pages = Pages::new().await;
    let is_kept = async |bytes| {
        let request = pages.cache.request();
        let compute = || async {
            let (page, _) = pages.compute(&request).await;
            (page, Sharing::Kept { bytes })
        };
        pages.pages.read(&request, KEY, compute).await;
        pages.pages.get(&pages.cache.request(), KEY, Acceptance::Policy).await.is_some()
    };
    let share = (1 << 20) / 16;
    assert!(!is_kept(share).await, "there is more to it than its own bytes");
    let statistics = pages.cache.statistics();
    assert_eq!(statistics.iter().find(|space| &*space.name == "page").unwrap().evictions, 1);
    assert!(is_kept(share / 2).await);
}

#[tokio::test]
async fn it_does_not_outlive_its_parts() {
    let short = |cache: &Cache| cache.space("note", 1, Policy { ttl: Duration::from_millis(50), ..Policy::item() });
    let pages = Pages::with(|settings| settings, short).await;
    pages.read().await;
    pages.computed();
    let expired = async {
        while pages.computed() == 0 {
            pages.read().await;
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), expired).await.unwrap();
}

#[tokio::test]
async fn a_sample_is_verified_by_the_source() {
    let pages = Pages::with(|settings| Settings { verify_share: 1.0, ..settings }, notes).await;
    assert!(!pages.pages.is_to_be_verified(KEY));
    pages.read().await;
    assert!(pages.pages.is_to_be_verified(KEY));
    let verify = async |page: &str| pages.pages.verify(&pages.cache.request(), KEY, |held| held == page).await;
    verify("one two").await;
    pages.world.write(1, "uno");
    verify("uno two").await;
    pages.read().await;
    pages.world.write_unlogged(2, "deux");
    verify("uno deux").await;
    let statistics = pages.cache.statistics();
    let verification = statistics.iter().find(|space| &*space.name == "page").unwrap().verification;
    assert_eq!((verification.proven, verification.overtaken, verification.disproved), (1, 1, 1));
    assert!(pages.pages.get(&pages.cache.request(), KEY, Acceptance::Policy).await.is_none(), "it is dropped");
}
