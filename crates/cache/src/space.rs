use std::marker::PhantomData;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tidewater_changelog::Value;

use crate::{Found, Lookup, ReadError, Request};

/// The values of one kind. Cheap to clone; clones share counters, memory and flights.
#[derive(Debug)]
pub struct Space<V>(Arc<PhantomData<fn() -> V>>);

impl<V> Clone for Space<V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<V> Space<V>
where
    V: Serialize + DeserializeOwned + Send + Sync + 'static,
{
    /// Says that the value under `key(row)` is the row of `table` with that primary key, so that a write of the row unlinks
    /// the value from Redis. Frees memory there early; no read depends on it.
    #[must_use]
    pub fn of_rows(self, table: &'static str, key: fn(&[Value]) -> Box<[u8]>) -> Self {
        let _ = (table, key);
        self
    }

    /// Answers `lookups`, in their order, no older than `request` and the policy allow.
    ///
    /// `load` gets the indices of the lookups that the tiers cannot answer and returns their values in that order. It is called
    /// once for all of them, and again only for lookups that had joined another reader's load which was then dropped.
    pub async fn read<E, F, L>(
        &self,
        request: &Request,
        lookups: Vec<Lookup>,
        load: F,
    ) -> Result<Vec<Arc<V>>, ReadError<E>>
    where
        E: Send + Sync + 'static,
        F: Fn(Vec<usize>) -> L + Send + Sync,
        L: Future<Output = Result<Vec<Found<V>>, E>> + Send,
    {
        let _ = (request, lookups, load);
        unimplemented!()
    }
}
