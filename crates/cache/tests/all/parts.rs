//! Derived values that whatever else is computed for a request is made of.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tidewater_cache::{Acceptance, Cache, Derived, Policy, Request, Settings, Sharing, Space};

use crate::world::{Note, TRACKING, World, lookup, notes};

const HOUR: Duration = Duration::from_secs(3_600);

/// The texts of notes, each in brackets, which are parts of pages.
struct Book {
    world: World,
    cache: Cache,
    space: Space<Note>,
    parts: Derived<String>,
    pages: Derived<String>,
    computed: AtomicUsize,
}

impl Book {
    async fn new() -> Self {
        Self::with(notes).await
    }

    async fn with(space: impl FnOnce(&Cache) -> Space<Note>) -> Self {
        let world = World::new();
        world.write(1, "one");
        world.write(2, "two");
        let cache = world.cache_with(Settings::new(&TRACKING)).await;
        let (parts, pages) = (cache.derived("part", 1 << 20, HOUR), cache.derived("page", 1 << 20, HOUR));
        let book = Self { space: space(&cache), world, cache, parts, pages, computed: AtomicUsize::new(0) };
        book.warm().await;
        book
    }

    /// Has memory hold both notes.
    async fn warm(&self) {
        self.world.read(&self.cache, &self.space, &[1, 2]).await;
    }

    async fn part(&self, request: &Request, id: i64) -> String {
        let key = id.to_be_bytes();
        // Who has read before has leave to read.
        self.space.peek(request, &lookup(9)).await;
        if let Some(part) = self.parts.get_part(request, &key) {
            return (*part).clone();
        }
        let compute = async {
            self.computed.fetch_add(1, Ordering::Relaxed);
            let text = match self.space.peek(request, &lookup(id)).await {
                Some(note) => (*note).clone(),
                None => {
                    // As whoever asks a database does.
                    tokio::task::yield_now().await;
                    self.world.read_for(&self.space, request, &[id]).await.unwrap().remove(0)
                }
            };
            format!("[{}]", text.unwrap_or_default())
        };
        self.kept(request, &key, compute).await
    }

    /// What `compute` answers, which is kept if it can be.
    async fn kept(&self, request: &Request, key: &[u8], compute: impl Future<Output = String>) -> String {
        let (part, recorded) = request.at_one_go(compute).await;
        if let Some(recorded) = recorded {
            self.parts.keep_part(request, key, part.clone(), part.len(), &recorded);
        }
        part
    }

    /// What is held under `key` for a request that arrives now, and has leave to read.
    async fn held(&self, key: &[u8]) -> Option<String> {
        let request = self.cache.request();
        self.space.peek(&request, &lookup(9)).await;
        self.parts.get_part(&request, key).map(|part| (*part).clone())
    }

    async fn compute(&self, request: &Request) -> (String, Sharing) {
        let page = self.part(request, 1).await + &self.part(request, 2).await;
        let bytes = page.len();
        (page, Sharing::Kept { bytes })
    }

    async fn page(&self) -> String {
        let request = self.cache.request();
        match self.pages.get(&request, b"page", Acceptance::Policy).await {
            Some(page) => (*page).clone(),
            None => (*self.pages.read(&request, b"page", || self.compute(&request)).await).clone(),
        }
    }

    fn computed(&self) -> usize {
        self.computed.swap(0, Ordering::Relaxed)
    }
}

#[tokio::test]
async fn only_the_part_that_changed_is_computed_again_and_the_whole_rests_on_all() {
    let book = Book::new().await;
    assert_eq!((book.page().await.as_str(), book.computed()), ("[one][two]", 2));
    assert_eq!((book.page().await.as_str(), book.computed()), ("[one][two]", 0));
    for (text, page) in [("deux", "[one][deux]"), ("zwei", "[one][zwei]")] {
        book.world.write(2, text);
        book.warm().await;
        assert_eq!((book.page().await.as_str(), book.computed()), (page, 1));
    }
    // The whole was made of a part that was held, and knows what that rests on.
    book.world.write(1, "uno");
    book.warm().await;
    assert_eq!((book.page().await.as_str(), book.computed()), ("[uno][zwei]", 1));
    let statistics = book.cache.statistics();
    let parts = statistics.iter().find(|space| &*space.name == "part").unwrap();
    assert_eq!((parts.memory_hits, parts.invalidations, parts.fills, parts.misses.total()), (3, 3, 5, 5));
}

#[tokio::test]
async fn what_had_to_wait_is_not_kept_but_belongs_to_the_whole() {
    let book = Book::new().await;
    book.world.write(1, "uno");
    assert_eq!((book.page().await.as_str(), book.computed()), ("[uno][two]", 2));
    book.world.write(2, "due");
    book.warm().await;
    assert_eq!((book.page().await.as_str(), book.computed()), ("[uno][due]", 2), "the first part was not kept");
    book.world.write(1, "un");
    assert_eq!(book.page().await, "[un][due]");
}

#[tokio::test]
async fn a_part_that_is_read_in_a_later_turn_is_not_taken_for_all_that_was_read() {
    let book = Book::new().await;
    let request = book.cache.request();
    let compute = async {
        let first = book.space.peek(&request, &lookup(1)).await.unwrap();
        tokio::task::yield_now().await;
        let second = book.space.peek(&request, &lookup(2)).await.unwrap();
        format!("{first:?}{second:?}")
    };
    let compute = || async { (book.kept(&request, b"both", compute).await, Sharing::Kept { bytes: 1 }) };
    book.pages.read(&request, b"both", compute).await;
    assert!(book.held(b"both").await.is_none());
    assert!(book.pages.get(&book.cache.request(), b"both", Acceptance::Policy).await.is_some());
    book.world.write(2, "deux");
    assert!(book.pages.get(&book.cache.request(), b"both", Acceptance::Policy).await.is_none());
}

#[tokio::test]
async fn a_part_within_a_part_is_one_of_the_whole_too() {
    let book = Book::new().await;
    let outer = async |request: &Request| {
        book.space.peek(request, &lookup(9)).await;
        let compute = async { format!("({})", book.part(request, 1).await) };
        book.kept(request, b"outer", compute).await
    };
    assert_eq!(outer(&book.cache.request()).await, "([one])");
    assert!(book.held(b"outer").await.is_some());
    assert_eq!(
        (outer(&book.cache.request()).await.as_str(), book.computed()),
        ("([one])", 1),
        "the inner one was kept"
    );
    book.world.write(1, "uno");
    assert!(book.held(b"outer").await.is_none());
}

#[tokio::test]
async fn it_is_as_fresh_as_what_it_rests_on_and_as_what_is_accepted() {
    let relaxed = |cache: &Cache| cache.space("note", 1, Policy { max_staleness: HOUR, ..Policy::item() });
    let book = Book::with(relaxed).await;
    book.page().await;
    book.world.write(1, "uno");
    assert_eq!(book.part(&book.cache.request(), 1).await, "[one]", "as old as its policy accepts");
    let strict = book.cache.request();
    strict.accept(Acceptance::AtMost(Duration::ZERO));
    assert_eq!(book.part(&strict, 1).await, "[uno]");
}

#[tokio::test]
async fn a_whole_is_served_on_the_terms_of_the_parts_that_it_is_made_of() {
    let book = Book::new().await;
    book.part(&book.cache.request(), 1).await;
    let request = book.cache.request();
    let compute = || async { (book.part(&request, 1).await, Sharing::Kept { bytes: 1 }) };
    book.pages.read(&request, b"whole", compute).await;
    let polls = book.world.polls();
    assert!(book.pages.get(&book.cache.request(), b"whole", Acceptance::Policy).await.is_some());
    assert!(book.world.polls() > polls, "notes are strict, so this is");
}

#[tokio::test]
async fn who_wants_the_source_is_neither_served_by_it_nor_makes_it() {
    let book = Book::new().await;
    book.page().await;
    book.world.write_unlogged(1, "unseen");
    for keep in [false, true] {
        let request = book.cache.request();
        request.accept(Acceptance::Source { keep });
        assert_eq!(book.part(&request, 1).await, "[unseen]");
    }
    assert_eq!(book.part(&book.cache.request(), 1).await, "[one]", "what was kept before is valid as far as is known");
}

#[tokio::test]
async fn what_rests_on_the_unknown_is_not_kept_and_spoils_the_whole() {
    let book = Book::new().await;
    let request = book.cache.request();
    let compute = || async {
        let unknown = async {
            request.rests_on_the_unknown();
            "unknown".to_owned()
        };
        (book.kept(&request, b"unknown", unknown).await, Sharing::Kept { bytes: 1 })
    };
    assert_eq!(*book.pages.read(&request, b"unknown", compute).await, "unknown");
    assert!(book.held(b"unknown").await.is_none());
    assert!(book.pages.get(&book.cache.request(), b"unknown", Acceptance::Policy).await.is_none());
}
