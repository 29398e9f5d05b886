use std::hash::{BuildHasher, Hash, RandomState};

use parking_lot::Mutex;

/// How many entries share a place. One look-up compares at most as many keys.
const WAYS: usize = 8;

/// A map that never holds more than it was made for. Where there is no room, the entry of the least rank in the new one's place
/// is forgotten, the oldest of them; keys fall into places by a hash that nobody outside can foresee.
#[derive(Debug)]
pub(crate) struct Table<K, V> {
    places: Box<[Place<K, V>]>,
    hasher: RandomState,
}

/// The entries whose keys fall into one place, the oldest first.
type Place<K, V> = Mutex<Vec<(K, V)>>;

impl<K: Copy + Eq + Hash, V: Clone> Table<K, V> {
    /// For at most `capacity` entries, rounded up to a power of two of places.
    pub(crate) fn new(capacity: usize) -> Self {
        let places = capacity.div_ceil(WAYS).next_power_of_two();
        Self { places: (0..places).map(|_| Mutex::default()).collect(), hasher: RandomState::new() }
    }

    pub(crate) fn get(&self, key: &K) -> Option<V> {
        let place = self.place(key).lock();
        place.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone())
    }

    /// What is held under `key`, or what `make` makes for it.
    pub(crate) fn get_or_insert(&self, key: K, make: impl FnOnce() -> V, rank: impl Fn(&V) -> u64) -> V {
        let mut place = self.place(&key).lock();
        if let Some((_, value)) = place.iter().find(|(known, _)| *known == key) {
            return value.clone();
        }
        let value = make();
        if place.len() == WAYS
            && let Some((least, _)) = place.iter().enumerate().min_by_key(|(_, (_, value))| rank(value))
        {
            place.remove(least);
        }
        place.push((key, value.clone()));
        value
    }

    pub(crate) fn insert(&self, key: K, value: V, rank: impl Fn(&V) -> u64) {
        self.remove(&key);
        self.get_or_insert(key, || value, rank);
    }

    pub(crate) fn remove(&self, key: &K) {
        self.place(key).lock().retain(|(known, _)| known != key);
    }

    fn place(&self, key: &K) -> &Place<K, V> {
        // The number of places is a power of two.
        &self.places[self.hasher.hash_one(key) as usize & (self.places.len() - 1)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(table: &Table<u64, u64>) -> usize {
        table.places.iter().map(|place| place.lock().len()).sum()
    }

    #[test]
    fn it_holds_no_more_than_it_was_made_for() {
        let table = Table::new(64);
        (0..10_000).for_each(|key| table.insert(key, key, |value| *value));
        assert_eq!(held(&table), 64);
    }

    #[test]
    fn of_equals_the_oldest_is_forgotten_first() {
        let table = Table::new(WAYS);
        (0..100).for_each(|key| table.insert(key, key, |_| 0));
        assert!((92..100).all(|key| table.get(&key) == Some(key)));
    }

    #[test]
    fn the_least_rank_is_forgotten_first() {
        let table = Table::new(WAYS);
        for value in 1..=WAYS as u64 {
            table.insert(value, value, |value| *value);
        }
        table.get_or_insert(100, || 100, |value| *value);
        assert_eq!(table.get(&1), None);
        assert!((2..=WAYS as u64).all(|key| table.get(&key) == Some(key)));
        assert_eq!(table.get_or_insert(100, || 0, |value| *value), 100);
        table.remove(&100);
        assert_eq!(table.get(&100), None);
    }
}
