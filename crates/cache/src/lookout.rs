use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use slab::Slab;
use tokio::sync::{Notify, oneshot};
use tokio::task::yield_now;

use crate::feed::{Feed, Follower, Lost};
use crate::gate::Gate;
use crate::memo::Memo;
use crate::tide::Tide;
use crate::{Footprint, Position};

/// How many are looked at before others may go on: some tens of microseconds.
const AT_ONCE: usize = 256;

/// What something was computed from, for whoever wants to know when that changes.
#[derive(Clone, Debug)]
pub struct Basis {
    pub(crate) footprint: Footprint,
    pub(crate) as_of: Position,
}

impl Basis {
    /// What a memo rests on.
    pub(crate) fn of<T: ?Sized>(memo: &Memo<T>) -> Self {
        Self { footprint: memo.footprint.clone(), as_of: memo.as_of }
    }
}

/// Everybody in this process who waits for what they look at to change.
///
/// One task looks at all of them after each poll that saw something, and wakes those for whom something has changed, and nobody else.
/// What decides is what decides over every cached value: the tide table.
#[derive(Debug)]
pub(crate) struct Lookouts {
    tide: Arc<Tide>,
    state: Mutex<State>,
    /// There is a first one, or none any more.
    turned: Notify,
}

#[derive(Debug, Default)]
struct State {
    open: usize,
    waiting: Slab<Waiting>,
    /// Nobody looks any more.
    is_over: bool,
}

#[derive(Debug)]
struct Waiting {
    basis: Basis,
    /// Until something has changed.
    unchanged: Option<oneshot::Sender<()>>,
}

/// A place to look out for changes from. While there is one, the change log is polled [regularly](crate::Settings::follow_interval).
///
/// Nothing is missed between two looks: whoever has something computed anew is told at once if it has changed since.
#[derive(Debug)]
pub struct Lookout(Arc<Lookouts>);

/// What waits is forgotten with this.
struct Place<'a> {
    lookouts: &'a Lookouts,
    key: usize,
}

impl Lookouts {
    pub(crate) fn new(tide: Arc<Tide>) -> Self {
        Self { tide, state: Mutex::default(), turned: Notify::new() }
    }

    pub(crate) fn open(self: &Arc<Self>) -> Lookout {
        self.state.lock().open += 1;
        self.turned.notify_one();
        Lookout(Arc::clone(self))
    }

    /// Goes on until the cache is stopped.
    pub(crate) async fn serve(self: Arc<Self>, feed: Arc<Feed>, gate: Arc<Gate>, patience: Duration) {
        loop {
            while !self.is_open() {
                self.turned.notified().await;
            }
            let mut follower = Follower::new(Arc::clone(&feed), Arc::clone(&gate), Arc::clone(&self.tide), patience);
            // What came before it follows, or while it was lost, is in the tide table.
            self.look_at_all().await;
            while self.is_open() {
                let applied = tokio::select! {
                    applied = follower.next() => applied,
                    () = self.turned.notified() => continue,
                };
                match applied {
                    Ok(_) => self.look_at_all().await,
                    Err(Lost::Behind | Lost::Interrupted) => break,
                    Err(Lost::Stopped) => {
                        self.state.lock().is_over = true;
                        return self.look_at_all().await;
                    }
                }
            }
        }
    }

    fn is_open(&self) -> bool {
        self.state.lock().open > 0
    }

    /// Wakes those for whom something has changed. Who comes while this goes on has looked for themselves.
    async fn look_at_all(&self) {
        let mut begin = 0;
        while self.look_at_some(begin) {
            begin += AT_ONCE;
            yield_now().await;
        }
    }

    /// Whether there are more.
    fn look_at_some(&self, begin: usize) -> bool {
        let state = &mut *self.state.lock();
        let end = (begin + AT_ONCE).min(state.waiting.capacity());
        for key in begin..end {
            let Some(waiting) = state.waiting.get_mut(key) else { continue };
            if state.is_over || !self.tide.valid(&waiting.basis.footprint, waiting.basis.as_of) {
                // Dropped, and with that told.
                waiting.unchanged = None;
            }
        }
        end < state.waiting.capacity()
    }
}

impl Lookout {
    /// Returns when something has changed that `basis` holds: at once, if it has already. Now and then, something only may have. Safe to
    /// drop.
    pub async fn changed(&self, basis: &Basis) {
        let Self(lookouts) = self;
        let (unchanged, told) = oneshot::channel();
        let (key, is_over) = {
            let mut state = lookouts.state.lock();
            (state.waiting.insert(Waiting { basis: basis.clone(), unchanged: Some(unchanged) }), state.is_over)
        };
        let _place = Place { lookouts, key };
        // Only now, so that nothing comes in between.
        if !is_over && lookouts.tide.valid(&basis.footprint, basis.as_of) {
            // Nothing is ever sent.
            let _ = told.await;
        }
    }
}

impl Drop for Lookout {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.open -= 1;
        if state.open == 0 {
            self.0.turned.notify_one();
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.lookouts.state.lock().waiting.remove(self.key);
    }
}
