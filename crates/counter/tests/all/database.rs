use std::collections::{BTreeMap, HashSet};

use chrono::NaiveDate;
use parking_lot::Mutex;
use tidewater_counter::{Batch, Counter, Sketch};
use tokio::task::yield_now;
use uuid::Uuid;

/// What batches are applied to: each once, if it does not refuse.
#[derive(Default)]
pub(crate) struct Database(Mutex<State>);

#[derive(Default)]
struct State {
    known: HashSet<Uuid>,
    repeated: usize,
    views: BTreeMap<Uuid, u64>,
    viewers: BTreeMap<(Uuid, NaiveDate), Sketch>,
    mood: Mood,
}

/// What it answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mood {
    #[default]
    Willing,
    /// It does nothing, and says so.
    Refusing,
    /// It does it, and the answer is lost.
    Unheard,
}

impl Database {
    pub(crate) fn be(&self, mood: Mood) {
        self.0.lock().mood = mood;
    }

    pub(crate) async fn flush(&self, counter: &Counter) -> Result<(), Mood> {
        counter.flush(async |batch| self.apply(&batch).await).await
    }

    /// How often it was seen.
    pub(crate) fn views(&self, subject: Uuid) -> u64 {
        self.0.lock().views.get(&subject).copied().unwrap_or(0)
    }

    /// By how many, all days together.
    pub(crate) fn viewers(&self, subject: Uuid) -> u64 {
        let state = self.0.lock();
        let days = state.viewers.iter().filter(|((of, _), _)| *of == subject);
        days.map(|(_, sketch)| sketch.count()).sum()
    }

    /// How often everything was seen.
    pub(crate) fn all_views(&self) -> u64 {
        self.0.lock().views.values().sum()
    }

    /// How many have seen it on that day.
    pub(crate) fn sketch(&self, subject: Uuid, day: NaiveDate) -> Sketch {
        self.0.lock().viewers.get(&(subject, day)).cloned().unwrap_or_default()
    }

    /// How many batches it has got, and how often one that it had.
    pub(crate) fn batches(&self) -> (usize, usize) {
        let state = self.0.lock();
        (state.known.len(), state.repeated)
    }

    async fn apply(&self, batch: &Batch) -> Result<(), Mood> {
        // As with a real one, whoever waits may be gone before and after it is done.
        yield_now().await;
        let mood = self.be_applied(batch);
        yield_now().await;
        if mood == Mood::Willing { Ok(()) } else { Err(mood) }
    }

    fn be_applied(&self, batch: &Batch) -> Mood {
        let mut state = self.0.lock();
        if state.mood == Mood::Refusing {
            return state.mood;
        }
        if !state.known.insert(batch.id) {
            state.repeated += 1;
            return state.mood;
        }
        for count in &batch.counts {
            *state.views.entry(count.subject).or_default() += count.views;
            state.viewers.entry((count.subject, count.day)).or_default().merge(&count.viewers);
        }
        state.mood
    }
}
