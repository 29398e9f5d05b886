use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::view::Place;
use crate::{Batch, Count, Full, Sketch, View};

/// How many pairs of a subject and a day are open in a batch at most.
pub const MOST_OPEN: usize = 2_048;

/// From how many on it is time to flush.
pub(crate) const FILLING: usize = MOST_OPEN / 2;

/// What is counted in this process.
#[derive(Debug, Default)]
pub(crate) struct Here {
    state: Mutex<State>,
    filling: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    open: BTreeMap<Place, (u64, Sketch)>,
    /// Closed, and not known to be applied.
    closed: Option<Arc<Batch>>,
}

impl Here {
    pub(crate) fn new(filling: Arc<Notify>) -> Self {
        Self { filling, ..Self::default() }
    }

    /// Counts a view.
    pub(crate) fn count(&self, view: &View) -> Result<(), Full> {
        let mut state = self.state.lock();
        if state.open.len() >= MOST_OPEN && !state.open.contains_key(&view.place()) {
            return Err(Full);
        }
        state.count(view);
        if state.open.len() >= FILLING {
            self.filling.notify_one();
        }
        Ok(())
    }

    /// Counts views that were acknowledged already; a few, whatever is open.
    pub(crate) fn count_acknowledged(&self, views: &[View]) {
        let mut state = self.state.lock();
        views.iter().for_each(|view| state.count(view));
    }

    /// The batch that is closed, or else what is open, closed now.
    pub(crate) fn close(&self) -> Option<Arc<Batch>> {
        let mut state = self.state.lock();
        if state.closed.is_none() && !state.open.is_empty() {
            let counts = std::mem::take(&mut state.open).into_iter().map(|(place, (views, viewers))| {
                let Place { subject, day } = place;
                Count { subject, day, views, viewers }
            });
            state.closed = Some(Arc::new(Batch { id: Uuid::now_v7(), counts: counts.collect() }));
        }
        state.closed.clone()
    }

    /// Forgets the batch that is closed.
    pub(crate) fn forget(&self) {
        self.state.lock().closed = None;
    }
}

impl State {
    fn count(&mut self, view: &View) {
        let (views, viewers) = self.open.entry(view.place()).or_default();
        *views += 1;
        viewers.add(view.viewer);
    }
}
