use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;
use tidewater_changelog::{Change, Origin};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::Position;
use crate::gate::{Gate, Passage};
use crate::request::Request;
use crate::tide::Tide;

/// Hands what the poller saw newly to everybody in this process who follows the database's changes.
///
/// Each poll's changes are kept once, whoever follows; and a few while nobody does, to explain what they made invalid. A follower that is
/// further behind than what is kept has missed something, and learns that instead of going on.
#[derive(Debug)]
pub(crate) struct Feed {
    /// How many changes are kept at most, and those of the last poll in any case.
    capacity: usize,
    /// How many while nobody follows.
    remembered: usize,
    state: Mutex<State>,
    /// There is something new for followers.
    news: Notify,
    /// There is a first follower.
    followed: Notify,
}

#[derive(Debug, Default)]
struct State {
    followers: usize,
    /// The number of the first that is kept.
    first: u64,
    kept: VecDeque<Arc<Applied>>,
    changes: usize,
    /// What is kept is all that came after this position.
    known_after: Position,
    /// How often the changes did not continue from those before.
    interruptions: u64,
    closed: bool,
}

/// What one poll saw newly, after all caches of this process know of it.
#[derive(Debug)]
pub struct Applied {
    passage: Passage,
    seen_at: SystemTime,
    changes: Vec<Change>,
    origins: Vec<Origin>,
}

/// Follows the database's changes from a moment on: all of them, each once, in the order of [`Poll`](tidewater_changelog::Poll).
/// While there is one, the change log is polled [regularly](crate::Settings::follow_interval).
///
/// Whoever waits for a dependency to change looks, at each step, whether what was computed is still valid.
#[derive(Debug)]
pub struct Follower {
    feed: Arc<Feed>,
    gate: Arc<Gate>,
    tide: Arc<Tide>,
    patience: Duration,
    /// The number of the next one that is to be handed over.
    next: u64,
    interruptions: u64,
    /// Everything up to here was there before.
    after: Position,
}

/// Why a [`Follower`] cannot go on: it has missed changes, or may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// It was too slow: more changes came than are kept.
    #[error("more changes came than are kept for those who follow")]
    Behind,
    /// The process itself lost track: the log was pruned, a backup was put back, the database was started again, or too much changed
    /// at once.
    #[error("the change log does not continue where it was read to")]
    Interrupted,
    /// The cache has been stopped.
    #[error("the change log is not polled any more")]
    Stopped,
}

impl Applied {
    /// The position at which all of it is known.
    pub fn position(&self) -> Position {
        self.passage.position
    }

    /// The changes, in order.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Where each of them comes from, in the same order.
    pub fn origins(&self) -> &[Origin] {
        &self.origins
    }

    /// When the poll began that saw them, by this machine's clock.
    pub fn seen_at(&self) -> SystemTime {
        self.seen_at
    }
}

impl Feed {
    pub(crate) fn new(capacity: usize, remembered: usize) -> Self {
        Self {
            capacity,
            remembered: remembered.min(capacity),
            state: Mutex::default(),
            news: Notify::new(),
            followed: Notify::new(),
        }
    }

    /// Hands over what a poll saw newly, which all readers know by now.
    pub(crate) fn apply(&self, passage: Passage, changes: Vec<Change>, origins: Vec<Origin>) {
        if changes.is_empty() {
            return;
        }
        let now = SystemTime::now();
        let seen_at = now.checked_sub(passage.began.elapsed()).unwrap_or(now);
        {
            let mut state = self.state.lock();
            state.changes += changes.len();
            state.kept.push_back(Arc::new(Applied { passage, seen_at, changes, origins }));
            let most = if state.followers == 0 { self.remembered } else { self.capacity };
            state.shrink(most);
        }
        self.news.notify_waiters();
    }

    /// What is kept, in order.
    pub(crate) fn kept(&self) -> Vec<Arc<Applied>> {
        self.state.lock().kept.iter().cloned().collect()
    }

    /// What came after `as_of`, as far as it is kept, in order; and whether that is all.
    pub(crate) fn since(&self, as_of: Position) -> (Vec<Arc<Applied>>, bool) {
        let state = self.state.lock();
        let since = state.kept.iter().filter(|applied| applied.position() > as_of).cloned().collect();
        (since, state.known_after <= as_of)
    }

    /// Says that what comes after `position` does not continue from what came.
    pub(crate) fn interrupt(&self, position: Position) {
        {
            let mut state = self.state.lock();
            state.interruptions += 1;
            while !state.kept.is_empty() {
                state.drop_first();
            }
            state.known_after = position;
        }
        self.news.notify_waiters();
    }

    /// Nothing will come any more.
    pub(crate) fn close(&self) {
        self.state.lock().closed = true;
        self.news.notify_waiters();
    }

    /// Waits until `moment`, and until somebody follows.
    pub(crate) async fn due(&self, moment: Instant) {
        while self.state.lock().followers == 0 {
            self.followed.notified().await;
        }
        sleep_until(moment).await;
    }

    /// How many follow.
    pub(crate) fn followers(&self) -> usize {
        self.state.lock().followers
    }
}

impl State {
    fn drop_first(&mut self) {
        if let Some(dropped) = self.kept.pop_front() {
            self.changes -= dropped.changes.len();
            self.first += 1;
            self.known_after = dropped.position();
        }
    }

    /// Keeps at most so many changes, and the last poll's in any case.
    fn shrink(&mut self, most: usize) {
        while self.changes > most && self.kept.len() > 1 {
            self.drop_first();
        }
    }
}

impl Follower {
    /// Follows from now on; [`begin`](Self::begin) says what was there before.
    pub(crate) fn new(feed: Arc<Feed>, gate: Arc<Gate>, tide: Arc<Tide>, patience: Duration) -> Self {
        let (next, interruptions) = {
            let mut state = feed.state.lock();
            state.followers += 1;
            (state.first + state.kept.len() as u64, state.interruptions)
        };
        feed.followed.notify_one();
        Self { feed, gate, tide, patience, next, interruptions, after: Position::default() }
    }

    /// What is known at `position` is not news.
    pub(crate) fn begin(&mut self, position: Position) {
        self.after = position;
    }

    /// What comes next. Safe to drop.
    ///
    /// # Errors
    /// When something was missed, or may have been; then this one is of no use any more.
    pub async fn next(&mut self) -> Result<Arc<Applied>, Lost> {
        loop {
            let news = self.feed.news.notified();
            tokio::pin!(news);
            // Before the look, so that nothing comes in between.
            news.as_mut().enable();
            let taken = take(&self.feed.state.lock(), self.next, self.interruptions)?;
            match taken {
                Some(applied) => {
                    self.next += 1;
                    if applied.position() > self.after {
                        return Ok(applied);
                    }
                }
                None => news.await,
            }
        }
    }

    /// A request whose reads are no older than what `applied` tells of. They wait for no poll.
    pub fn request(&self, applied: &Applied) -> Request {
        Request::after(Arc::clone(&self.gate), Arc::clone(&self.tide), self.patience, applied.passage)
    }
}

fn take(state: &State, next: u64, interruptions: u64) -> Result<Option<Arc<Applied>>, Lost> {
    if state.interruptions != interruptions {
        return Err(Lost::Interrupted);
    }
    let Some(index) = next.checked_sub(state.first) else { return Err(Lost::Behind) };
    match usize::try_from(index).ok().and_then(|index| state.kept.get(index)) {
        Some(applied) => Ok(Some(Arc::clone(applied))),
        None if state.closed => Err(Lost::Stopped),
        None => Ok(None),
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let mut state = self.feed.state.lock();
        state.followers -= 1;
        if state.followers == 0 {
            state.shrink(self.feed.remembered);
        }
    }
}
