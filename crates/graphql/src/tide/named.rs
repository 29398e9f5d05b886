//! Operations by their names, for whoever collects what a server counts: few enough to be told each time, whatever clients send.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tidewater_histogram::{Bounds, Histogram, Snapshot};

/// How many names are told apart at most; the operations with other names, and those without one, count together.
const MOST_NAMES: usize = 100;

/// The longest name that is told.
const LONGEST: usize = 64;

/// How long an operation has to be unused before its place is given to another one that wants it.
const IDLE: Duration = Duration::from_secs(15 * 60);

/// How often one without a place is counted before it asks for one again.
const PATIENCE: u64 = 64;

/// Where the operations count that have no place of their own.
const OTHERS: usize = 0;

/// How long operations took, and how often they failed, by their names.
///
/// A name gets a place when an operation of that name has been answered without an error. When there is none left, it gets that of one which
/// was not used for 15 minutes, whose numbers end with that. Did they go over to the others, whoever looks at how fast those grow would see
/// all of it as done at that moment.
#[derive(Debug)]
pub(crate) struct NamedOperations {
    places: Box<[Place]>,
    names: Mutex<Names>,
}

/// What is counted under one name.
#[derive(Debug)]
struct Place {
    /// Changes when the place is given to another name.
    holder: AtomicU64,
    latency: Histogram,
    failed: AtomicU64,
}

#[derive(Debug, Default)]
struct Names {
    places: HashMap<Arc<str>, usize>,
    /// How often each place had been used when that was looked at last, and found to have changed.
    seen: HashMap<usize, (u64, Instant)>,
}

/// Where one operation counts. It may have been given to another name meanwhile, and is then asked for anew.
#[derive(Debug, Default)]
pub(crate) struct Seat {
    /// The index of its place in the lowest 8 bits, above it who held it then; 0 if it has none.
    place: AtomicU64,
    counted: AtomicU64,
}

/// How long the operations with one name took, and how often they failed, since it was given its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationTotals {
    /// The name; none for all that are not told apart.
    pub name: Option<Arc<str>>,
    /// From arrival to answer.
    pub latency: Snapshot,
    /// How many had an error.
    pub failed: u64,
}

impl Default for NamedOperations {
    fn default() -> Self {
        let place = || Place {
            holder: AtomicU64::new(0),
            latency: Histogram::new(Bounds::LATENCIES),
            failed: AtomicU64::new(0),
        };
        Self { places: (0..=MOST_NAMES).map(|_| place()).collect(), names: Mutex::default() }
    }
}

impl NamedOperations {
    /// Counts an operation with this name that took so long.
    pub(crate) fn count(&self, seat: &Seat, name: Option<&str>, time: Duration, has_failed: bool) {
        let place = &self.places[self.place_of(seat, name, has_failed)];
        place.latency.record(time);
        if has_failed {
            place.failed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Each name with its numbers, the others last.
    pub(crate) fn totals(&self) -> Vec<OperationTotals> {
        let names = self.names.lock();
        let named = names.places.iter().map(|(name, place)| (Some(Arc::clone(name)), *place));
        let all = named.chain([(None, OTHERS)]).map(|(name, place)| OperationTotals {
            name,
            latency: self.places[place].latency.snapshot(),
            failed: self.places[place].failed.load(Ordering::Relaxed),
        });
        all.collect()
    }

    fn place_of(&self, seat: &Seat, name: Option<&str>, has_failed: bool) -> usize {
        let Some(name) = name.filter(|name| name.len() <= LONGEST) else { return OTHERS };
        let held = seat.place.load(Ordering::Relaxed);
        let (place, holder) = ((held & 0xff) as usize, held >> 8);
        if place != OTHERS && self.places[place].holder.load(Ordering::Relaxed) == holder {
            return place;
        }
        if !has_failed && !seat.counted.fetch_add(1, Ordering::Relaxed).is_multiple_of(PATIENCE) {
            return OTHERS;
        }
        let mut names = self.names.lock();
        let place = match has_failed {
            true => names.places.get(name).copied(),
            false => names.place_of(&self.places, name, Instant::now()),
        };
        let Some(place) = place else { return OTHERS };
        // While the names are locked, or the place might be another one's by now.
        let holder = self.places[place].holder.load(Ordering::Relaxed);
        drop(names);
        seat.place.store(holder << 8 | place as u64, Ordering::Relaxed);
        place
    }
}

impl Names {
    /// The place of a name, which gets one now if it has none. None if all are in use.
    fn place_of(&mut self, places: &[Place], name: &str, now: Instant) -> Option<usize> {
        if let Some(place) = self.places.get(name) {
            return Some(*place);
        }
        let place = match self.places.len() {
            taken if taken < MOST_NAMES => taken + 1,
            _ => self.vacate(places, now)?,
        };
        self.places.insert(name.into(), place);
        Some(place)
    }

    /// Takes a place from a name that was not used for long.
    fn vacate(&mut self, places: &[Place], now: Instant) -> Option<usize> {
        let mut vacated = None;
        for (name, place) in &self.places {
            let used = places[*place].latency.count();
            let seen = self.seen.entry(*place).or_insert((used, now));
            if seen.0 != used {
                *seen = (used, now);
            } else if now.duration_since(seen.1) >= IDLE {
                vacated = Some((Arc::clone(name), *place));
            }
        }
        let (name, index) = vacated?;
        self.places.remove(&name);
        self.seen.remove(&index);
        let place = &places[index];
        // First, so that nobody counts here any more under the old name, but for who is just doing so.
        place.holder.fetch_add(1, Ordering::Relaxed);
        place.latency.clear();
        place.failed.store(0, Ordering::Relaxed);
        Some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: Duration = Duration::from_millis(1);

    fn count(operations: &NamedOperations, name: &str) {
        operations.count(&Seat::default(), Some(name), TIME, false);
    }

    fn of<'a>(totals: &'a [OperationTotals], name: Option<&str>) -> Option<&'a OperationTotals> {
        totals.iter().find(|totals| totals.name.as_deref() == name)
    }

    #[test]
    fn operations_are_told_by_their_names_whatever_their_documents() {
        let operations = NamedOperations::default();
        let seat = Seat::default();
        operations.count(&seat, Some("Todos"), TIME, false);
        operations.count(&seat, Some("Todos"), TIME, true);
        count(&operations, "Todos");
        // Of another document, which has not been answered yet.
        operations.count(&Seat::default(), Some("Todos"), TIME, true);
        operations.count(&Seat::default(), None, TIME, false);
        let totals = operations.totals();
        let todos = of(&totals, Some("Todos")).unwrap();
        assert_eq!((todos.latency.count(), todos.failed), (4, 2));
        assert_eq!(of(&totals, None).unwrap().latency.count(), 1);
    }

    #[test]
    fn what_only_fails_and_what_has_a_long_name_has_no_name() {
        let operations = NamedOperations::default();
        operations.count(&Seat::default(), Some("Wrong"), TIME, true);
        count(&operations, &"x".repeat(LONGEST + 1));
        let totals = operations.totals();
        assert_eq!(totals.len(), 1);
        assert_eq!((totals[0].latency.count(), totals[0].failed), (2, 1));
    }

    #[test]
    fn however_many_names_there_are_only_so_many_are_told() {
        let operations = NamedOperations::default();
        (0..10_000).for_each(|number| count(&operations, &format!("Operation{number}")));
        let totals = operations.totals();
        assert_eq!(totals.len(), MOST_NAMES + 1);
        assert_eq!(totals.iter().map(|totals| totals.latency.count()).sum::<u64>(), 10_000);
        assert_eq!(of(&totals, None).unwrap().latency.count(), 10_000 - MOST_NAMES as u64);
    }

    #[test]
    fn a_place_that_is_not_used_is_given_away_and_its_numbers_to_nobody() {
        let operations = NamedOperations::default();
        let (busy, idle) = (Seat::default(), Seat::default());
        operations.count(&busy, Some("Busy"), TIME, false);
        operations.count(&idle, Some("Idle"), TIME, false);
        operations.count(&idle, Some("Idle"), TIME, true);
        (2..MOST_NAMES).for_each(|number| count(&operations, &format!("Operation{number}")));
        let ask = |now| operations.names.lock().place_of(&operations.places, "Late", now);
        let begun = Instant::now();
        assert_eq!(ask(begun), None, "all are in use");
        (2..MOST_NAMES).for_each(|number| count(&operations, &format!("Operation{number}")));
        operations.count(&busy, Some("Busy"), TIME, false);
        assert!(ask(begun + IDLE).is_some());
        let totals = operations.totals();
        assert!(of(&totals, Some("Idle")).is_none() && of(&totals, Some("Busy")).is_some());
        assert_eq!(of(&totals, None).unwrap().latency.count(), 0);
        let late = of(&totals, Some("Late")).unwrap();
        assert_eq!((late.latency.count(), late.failed), (0, 0));
        // Its seat is not the other one's.
        operations.count(&idle, Some("Idle"), TIME, false);
        let totals = operations.totals();
        assert_eq!(of(&totals, Some("Late")).unwrap().latency.count(), 0);
        assert_eq!(of(&totals, None).unwrap().latency.count(), 1);
    }
}
