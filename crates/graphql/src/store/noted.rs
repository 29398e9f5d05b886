use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tidewater_cache::Lookup;

use super::Ground;

/// What is remembered of the lookups of a request that is explained: what the cache, which knows their keys only, cannot tell.
#[derive(Debug, Default)]
pub(crate) struct Noted(Mutex<HashMap<Place, Wanted>>);

/// The name of a space, and a key in it.
type Place = (String, Arc<[u8]>);

/// What a lookup is for.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// What it declares to depend on.
    pub(crate) grounds: Vec<Ground>,
    /// How many statements answer it, with whatever else is asked for at the same time.
    pub(crate) statements: usize,
}

impl Noted {
    pub(super) fn add(&self, space: String, lookup: &Lookup, wanted: Wanted) {
        self.0.lock().insert((space, lookup.key.as_ref().into()), wanted);
    }

    /// What the lookup with this key in that space was for.
    pub(crate) fn wanted(&self, space: &str, key: &Arc<[u8]>) -> Option<Wanted> {
        self.0.lock().get(&(space.to_owned(), Arc::clone(key))).cloned()
    }
}
