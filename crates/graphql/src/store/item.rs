use std::ops::Deref;
use std::sync::Arc;

/// A row that exists, shared with the cache.
#[derive(Debug)]
pub struct Item<M>(Arc<Option<M>>);

impl<M> Item<M> {
    /// The row, if there is one.
    pub(super) fn new(row: Arc<Option<M>>) -> Option<Self> {
        row.is_some().then_some(Self(row))
    }
}

impl<M> From<M> for Item<M> {
    fn from(model: M) -> Self {
        Self(Arc::new(Some(model)))
    }
}

impl<M> Clone for Item<M> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<M> Deref for Item<M> {
    type Target = M;

    fn deref(&self) -> &M {
        match &*self.0 {
            Some(model) => model,
            None => unreachable!("an item is made of a row"),
        }
    }
}
