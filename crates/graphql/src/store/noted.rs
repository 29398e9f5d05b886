use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tidewater_cache::Lookup;

use super::Ground;

/// What the lookups of a request that is explained declare to depend on: what the cache, which knows hashes only, cannot tell.
#[derive(Debug, Default)]
pub(crate) struct Noted(Mutex<HashMap<Place, Vec<Ground>>>);

/// The name of a space, and a key in it.
type Place = (String, Arc<[u8]>);

impl Noted {
    pub(super) fn add(&self, space: String, lookup: &Lookup, grounds: Vec<Ground>) {
        self.0.lock().insert((space, lookup.key.as_ref().into()), grounds);
    }

    /// What the lookup with this key in that space declares to depend on.
    pub(crate) fn grounds(&self, space: &str, key: &Arc<[u8]>) -> Vec<Ground> {
        self.0.lock().get(&(space.to_owned(), Arc::clone(key))).cloned().unwrap_or_default()
    }
}
