use std::sync::Arc;
use std::time::Instant;

use crate::Request;
use crate::memo::Memo;
use crate::verify::Sample;

/// The answers to the lookups of one read, as they come.
#[derive(Debug)]
pub(crate) struct Answers<'a, V> {
    request: &'a Request,
    verify_share: f64,
    values: Vec<Option<Arc<V>>>,
    samples: Vec<Sample<V>>,
}

impl<'a, V> Answers<'a, V> {
    /// None yet, of `count`. This share of what a cache gives will be verified.
    pub(crate) fn new(request: &'a Request, count: usize, verify_share: f64) -> Self {
        Self { request, verify_share, values: vec![None; count], samples: Vec::new() }
    }

    pub(crate) fn request(&self) -> &'a Request {
        self.request
    }

    /// The value of a memo.
    pub(crate) fn give<T: ?Sized>(&mut self, index: usize, value: Arc<V>, memo: &Memo<T>) {
        self.request.rests_on(memo);
        self.values[index] = Some(value);
    }

    /// The value of a memo that a cache held.
    pub(crate) fn give_held<T: ?Sized>(&mut self, index: usize, value: Arc<V>, memo: &Memo<T>) {
        if self.verify_share > 0.0 && rand::random::<f64>() < self.verify_share {
            let (value, footprint) = (Arc::clone(&value), memo.footprint.clone());
            self.samples.push(Sample { index, value, footprint, as_of: memo.as_of });
        }
        self.give(index, value, memo);
    }

    /// What turned out to be right where a cache was wrong.
    pub(crate) fn correct(&mut self, index: usize, value: V) {
        self.request.saw(Instant::now());
        self.request.rests_on_the_unknown();
        self.values[index] = Some(Arc::new(value));
    }

    /// Whether some of them are to be verified.
    pub(crate) fn are_sampled(&self) -> bool {
        !self.samples.is_empty()
    }

    pub(crate) fn take_samples(&mut self) -> Vec<Sample<V>> {
        std::mem::take(&mut self.samples)
    }

    /// All of them, in the order of their lookups.
    pub(crate) fn into_values(self) -> Vec<Arc<V>> {
        self.values.into_iter().flatten().collect()
    }
}
