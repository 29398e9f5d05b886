use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::channel::oneshot;
use futures::future::Shared;
use parking_lot::Mutex;
use tidewater_changelog::fault;

use crate::Position;
use crate::memo::Memo;

/// How many keys of one space may be under way as flights that others can join; beyond that, reads go alone.
const MOST: usize = 65_536;

/// The reads of one space that are under way, so that a key is fetched once for all who want it.
#[derive(Debug)]
pub(crate) struct Flights<V>(Mutex<State<V>>);

/// What a flight brings to those who joined it; cancelled if whoever led it was dropped.
pub(crate) type Landing<V> = Shared<oneshot::Receiver<Result<Arc<Memo<V>>, Failure>>>;

/// Why a flight brings nothing.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// The leader's own loader failed, with an error of the type that it has.
    Load(Arc<dyn Any + Send + Sync>),
    /// The leader's loader did not answer within this time.
    TimedOut(Duration),
    /// The leader's loader answered another number of values than it was asked for.
    Miscounted { asked: usize, answered: usize },
}

/// What a reader does about a key.
#[derive(Debug)]
pub(crate) enum Boarding<V> {
    /// Fetch it.
    Lead(Lead<V>),
    /// Wait for what another reader is fetching.
    Join(Landing<V>),
}

/// The duty to fetch one key. If it is dropped, whoever joined tries again.
#[derive(Debug)]
pub(crate) struct Lead<V> {
    flights: Arc<Flights<V>>,
    key: Arc<[u8]>,
    number: u64,
    sender: Option<oneshot::Sender<Result<Arc<Memo<V>>, Failure>>>,
}

#[derive(Debug)]
struct State<V> {
    last: u64,
    flights: HashMap<Arc<[u8]>, Flight<V>>,
}

#[derive(Debug)]
struct Flight<V> {
    number: u64,
    /// The source is read at this position or later.
    as_of: Position,
    landing: Landing<V>,
}

impl<V> Flights<V> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(State { last: 0, flights: HashMap::new() }))
    }

    /// Whether there may be a flight to join.
    pub(crate) fn is_under_way(&self, key: &[u8]) -> bool {
        self.0.lock().flights.contains_key(key)
    }

    /// Joins the flight to `key` that is not older than `at_least`, or becomes the leader of a new one as of `as_of`.
    pub(crate) fn board(self: &Arc<Self>, key: &Arc<[u8]>, at_least: Position, as_of: Position) -> Boarding<V> {
        let mut state = self.0.lock();
        let is_new_enough = |flight: &&Flight<V>| flight.as_of >= at_least || fault::is_off("flight_age");
        if let Some(flight) = state.flights.get(key).filter(is_new_enough) {
            return Boarding::Join(flight.landing.clone());
        }
        let (sender, receiver) = oneshot::channel();
        state.last += 1;
        let number = state.last;
        if state.flights.len() < MOST {
            let flight = Flight { number, as_of, landing: receiver.shared() };
            state.flights.insert(Arc::clone(key), flight);
        }
        Boarding::Lead(Lead { flights: Arc::clone(self), key: Arc::clone(key), number, sender: Some(sender) })
    }
}

impl<V> Lead<V> {
    pub(crate) fn key(&self) -> &Arc<[u8]> {
        &self.key
    }

    /// Ends the flight. What is to be found in memory has been put there before.
    pub(crate) fn land(mut self, result: Result<Arc<Memo<V>>, Failure>) {
        let sender = self.sender.take();
        drop(self);
        if let Some(sender) = sender {
            // Fails only if nobody joined.
            let _ = sender.send(result);
        }
    }
}

impl<V> Drop for Lead<V> {
    fn drop(&mut self) {
        let mut state = self.flights.0.lock();
        if state.flights.get(&self.key).is_some_and(|flight| flight.number == self.number) {
            state.flights.remove(&self.key);
        }
    }
}
