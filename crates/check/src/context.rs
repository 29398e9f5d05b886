use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use parking_lot::{Mutex, RwLock};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use uuid::Uuid;

use crate::clock::Clock;
use crate::label::Labels;
use crate::plan::{Account, Pool, Serials};
use crate::settings::Settings;
use crate::tally::Tally;

/// The time in the ids of rows that are written in SQL, in milliseconds: 2024-01-01.
const CREATED: u64 = 1_704_067_200_000;

/// What all clients of a run share.
pub(crate) struct Context {
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(crate) labels: Labels,
    pub(crate) tally: Tally,
    pub(crate) http: reqwest::Client,
    pub(crate) serials: Serials,
    pub(crate) pools: RwLock<Vec<Arc<Pool>>>,
    pub(crate) accounts: RwLock<Vec<Arc<Account>>>,
    pool: AtomicU32,
    stamp: AtomicU64,
    ids: Mutex<StdRng>,
    /// Writers are to end.
    pub(crate) written: AtomicBool,
    /// Readers are to end.
    pub(crate) read: AtomicBool,
}

impl Context {
    pub(crate) fn new(settings: Settings, clock: Clock, labels: Labels, http: reqwest::Client, seed: u64) -> Self {
        Self {
            tally: Tally::new(settings.examples),
            settings,
            clock,
            labels,
            http,
            serials: Serials::default(),
            pools: RwLock::default(),
            accounts: RwLock::default(),
            pool: AtomicU32::new(0),
            stamp: AtomicU64::new(1),
            ids: Mutex::new(StdRng::seed_from_u64(seed)),
            written: AtomicBool::new(false),
            read: AtomicBool::new(false),
        }
    }

    /// A stamp that is greater than all before.
    pub(crate) fn stamp(&self) -> u64 {
        self.stamp.fetch_add(1, Ordering::Relaxed)
    }

    /// A number that no pool has.
    pub(crate) fn next_pool(&self) -> u32 {
        self.pool.fetch_add(1, Ordering::Relaxed)
    }

    /// An id that no row has, the same at each run with this seed.
    pub(crate) fn next_id(&self) -> Uuid {
        let bytes: [u8; 10] = self.ids.lock().random();
        uuid::Builder::from_unix_timestamp_millis(CREATED, &bytes).into_uuid()
    }

    /// The pool of that number.
    pub(crate) fn pool(&self, number: u32) -> Option<Arc<Pool>> {
        self.pools.read().iter().find(|pool| pool.number == number).cloned()
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.clock.now() as f64 / 1e9
    }
}
