//! Which rows there are, whose they are, and what was written to each.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use parking_lot::{Mutex, MutexGuard, RwLock};
use reqwest::header::HeaderValue;
use uuid::Uuid;

use crate::graphql::LONGEST_LIST;
use crate::history::History;
use crate::label::Label;
use crate::state::Family;

/// The slot of one row, or of a part of one. One writer writes to it.
pub(crate) struct Key {
    pub(crate) family: Family,
    /// Unique in the run, from 0.
    pub(crate) serial: u32,
    pub(crate) pool: u32,
    /// Its place among the keys of its family in the pool.
    pub(crate) index: u32,
    history: Mutex<History>,
    /// The id under which it is asked for: of a row that is written in SQL always the same, else the last that a server gave.
    id: Mutex<Option<Uuid>>,
}

impl Key {
    pub(crate) fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock()
    }

    pub(crate) fn id(&self) -> Option<Uuid> {
        *self.id.lock()
    }

    pub(crate) fn set_id(&self, id: Uuid) {
        *self.id.lock() = Some(id);
    }

    pub(crate) fn label(&self, stamp: u64) -> Label {
        Label { pool: self.pool, key: self.index, stamp }
    }

    pub(crate) fn is(&self, label: &Label) -> bool {
        (label.pool, label.key) == (self.pool, self.index)
    }
}

/// A user of the run.
pub(crate) struct Account {
    pub(crate) number: u32,
    pub(crate) id: Uuid,
    pub(crate) public_id: String,
    /// What shows that a request is the user's.
    pub(crate) authorization: HeaderValue,
    pub(crate) name: Arc<Key>,
    pub(crate) bio: Arc<Key>,
}

/// Rows that may move between two accounts.
pub(crate) struct Pool {
    pub(crate) number: u32,
    pub(crate) accounts: [Arc<Account>; 2],
    /// Whether the accounts own nothing but what is in this pool.
    pub(crate) exclusive: bool,
    /// How many writers still write to it.
    pub(crate) writers: AtomicUsize,
    todos: RwLock<Vec<Arc<Key>>>,
    notes: RwLock<Vec<Arc<Key>>>,
}

impl Pool {
    pub(crate) fn new(number: u32, accounts: [Arc<Account>; 2], exclusive: bool) -> Self {
        let writers = AtomicUsize::new(0);
        Self { number, accounts, exclusive, writers, todos: RwLock::default(), notes: RwLock::default() }
    }

    /// The keys of a family, which must be todos or notes.
    pub(crate) fn keys(&self, family: Family) -> &RwLock<Vec<Arc<Key>>> {
        match family {
            Family::Note => &self.notes,
            _ => &self.todos,
        }
    }

    /// Adds an absent key; `None` when a list could not show one more.
    pub(crate) fn add(&self, serials: &Serials, family: Family, id: Option<Uuid>) -> Option<Arc<Key>> {
        let mut keys = self.keys(family).write();
        if keys.len() >= LONGEST_LIST {
            return None;
        }
        let index = u32::try_from(keys.len()).unwrap_or(u32::MAX);
        let key = Arc::new(serials.key(family, self.number, index, id));
        keys.push(key.clone());
        Some(key)
    }

    /// The account of that number, if it is one of the pool's.
    pub(crate) fn account(&self, number: u32) -> Option<&Arc<Account>> {
        self.accounts.iter().find(|account| account.number == number)
    }

    /// The account with that public id, if it is one of the pool's.
    pub(crate) fn account_of(&self, public_id: &str) -> Option<&Arc<Account>> {
        self.accounts.iter().find(|account| account.public_id == public_id)
    }
}

/// Numbers the keys of a run.
#[derive(Default)]
pub(crate) struct Serials(AtomicU32);

impl Serials {
    /// A key that is absent from the start.
    pub(crate) fn key(&self, family: Family, pool: u32, index: u32, id: Option<Uuid>) -> Key {
        let serial = self.0.fetch_add(1, Ordering::Relaxed);
        Key { family, serial, pool, index, history: Mutex::new(History::new(None)), id: Mutex::new(id) }
    }
}
