use std::sync::Arc;
use std::time::Instant;

use crate::verify::Sample;
use crate::{Footprint, Position, Request};

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

    /// A value that its source had given at `read_at` or before.
    pub(crate) fn give(&mut self, index: usize, value: Arc<V>, read_at: Instant) {
        self.request.saw(read_at);
        self.values[index] = Some(value);
    }

    /// A value that a cache held: a memo's.
    pub(crate) fn give_held(
        &mut self,
        index: usize,
        value: Arc<V>,
        footprint: &Footprint,
        as_of: Position,
        read_at: Instant,
    ) {
        if self.verify_share > 0.0 && rand::random::<f64>() < self.verify_share {
            let (value, footprint) = (Arc::clone(&value), footprint.clone());
            self.samples.push(Sample { index, value, footprint, as_of });
        }
        self.give(index, value, read_at);
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
