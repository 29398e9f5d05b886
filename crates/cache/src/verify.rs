//! Proves or disproves a sample of what caches gave, by the source itself.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::answers::Answers;
use crate::space::Inner;
use crate::{Footprint, Found, Lookup, Position, tier};

/// A value that a cache gave, and on what grounds.
#[derive(Debug)]
pub(crate) struct Sample<V> {
    pub(crate) index: usize,
    pub(crate) value: Arc<V>,
    pub(crate) footprint: Footprint,
    pub(crate) as_of: Position,
}

impl<V> Inner<V>
where
    V: Serialize + DeserializeOwned + Send + Sync + 'static,
{
    /// Reads what was sampled from the source again. The poll that follows sees every change that the source showed; so a
    /// value that differs and still counts as valid then was stale, and is replaced in the answers.
    ///
    /// What the source does not answer remains unverified; the answers stand.
    pub(crate) async fn verify<E, F, L>(&self, lookups: &[Lookup], answers: &mut Answers<'_, V>, load: &F)
    where
        E: Send + Sync + 'static,
        F: Fn(Vec<usize>) -> L + Send + Sync,
        L: Future<Output = Result<Vec<Found<V>>, E>> + Send,
    {
        let samples = answers.take_samples();
        let indices: Vec<usize> = samples.iter().map(|sample| sample.index).collect();
        let span = tier::database(self.counters.name(), indices.len(), std::iter::empty());
        let Ok(found) = self.ask_source(answers.request(), indices, load, span).await else { return };
        if answers.request().settle().await.is_err() {
            return;
        }
        for (sample, found) in samples.into_iter().zip(found) {
            if are_same(&*sample.value, &found.value) {
                self.counters.proven.add(1);
            } else if self.core.tide.valid(&sample.footprint, sample.as_of) {
                self.counters.disproved.add(1);
                // What it was looked up by may be private: what is searched for, or what shows who somebody is.
                tracing::error!(space = %self.counters.name(), "a cached value was stale: the database answers otherwise");
                self.core.memory.drop(self.id, &lookups[sample.index].key);
                answers.correct(sample.index, found.value);
            } else {
                self.counters.overtaken.add(1);
            }
        }
    }
}

/// Whether two values have one serialised form, which is what the caches hold.
pub(crate) fn are_same<V: Serialize>(one: &V, other: &V) -> bool {
    match (postcard::to_allocvec(one), postcard::to_allocvec(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}
