//! What the servers of a test serve, now and before.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use rand::RngExt;
use tidewater_check::Phase;
use uuid::Uuid;

/// How many changes a stale answer does not know, over what its bound allows. More than can be under way.
const FORGOTTEN: usize = 20;

/// The state that several servers share, as they would a database.
#[derive(Clone)]
pub(crate) struct Shared {
    log: Arc<Mutex<Log>>,
    phase: Arc<Mutex<Phase>>,
}

/// Every state there has been, and since when.
type Log = Vec<(Instant, Arc<World>)>;

/// What is true at one time.
#[derive(Clone, Default)]
pub(crate) struct World {
    pub(crate) users: Vec<User>,
    pub(crate) rows: BTreeMap<Uuid, Row>,
    /// Its place in the log, and its mark.
    pub(crate) number: usize,
}

/// A user, who is known by their place.
#[derive(Clone)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) bio: Option<String>,
    pub(crate) token: String,
}

/// A todo or a note.
#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) is_note: bool,
    pub(crate) owner: usize,
    pub(crate) text: String,
    pub(crate) flag: bool,
}

impl Shared {
    pub(crate) fn new() -> Self {
        let log = Arc::new(Mutex::new(vec![(Instant::now(), Arc::default())]));
        Self { log, phase: Arc::new(Mutex::new(Phase::Preparing)) }
    }

    /// The checker has come to `phase`.
    pub(crate) fn enter(&self, phase: Phase) {
        *self.phase.lock().unwrap() = phase;
    }

    pub(crate) fn phase(&self) -> Phase {
        *self.phase.lock().unwrap()
    }

    /// What was true at `time`, and anything since then by chance, but nothing from before `mark`.
    pub(crate) fn since(&self, time: Instant, mark: usize) -> Arc<World> {
        let log = self.log.lock().unwrap();
        let oldest = log.partition_point(|(since, _)| *since <= time).max(1) - 1;
        log[rand::rng().random_range(oldest.max(mark)..log.len())].1.clone()
    }

    /// What was true before `time`, without the last changes before it.
    pub(crate) fn before(&self, time: Instant) -> Arc<World> {
        let log = self.log.lock().unwrap();
        log[log.partition_point(|(since, _)| *since <= time).saturating_sub(1 + FORGOTTEN)].1.clone()
    }

    pub(crate) fn now(&self) -> Arc<World> {
        self.log.lock().unwrap().last().unwrap().1.clone()
    }

    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> (T, Arc<World>) {
        let mut log = self.log.lock().unwrap();
        let mut world = World::clone(&log.last().unwrap().1);
        world.number = log.len();
        let changed = change(&mut world);
        let world = Arc::new(world);
        log.push((Instant::now(), world.clone()));
        (changed, world)
    }
}
