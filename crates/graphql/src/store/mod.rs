//! Where entities and cache meet: every read of the API goes through a [`Reader`], every change through [`Reader::write`].
//!
//! Neither names a cache key or an invalidation. What a read depends on is derived from the same data as its SQL.

mod batch;
mod dependencies;
mod item;
mod kept;
mod noted;
mod own_changes;
mod persistent;
mod policies;
mod reader;
mod spaces;
mod write;

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use parking_lot::RwLock;
use sea_orm::{DatabaseConnection, EntityTrait};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tidewater_cache::{Cache, Request, Space};
use tidewater_changelog::{Origin, Tracking};
use tidewater_entity::{Statements, Tracked, now};

use crate::Error;

pub(crate) use dependencies::{Ground, GroundRows};
pub use item::Item;
pub(crate) use kept::KeptRows;
pub(crate) use noted::Noted;
pub use policies::{Override, Policies};
pub use reader::Reader;

use own_changes::OwnChanges;
use spaces::Spaces;

/// An entity that the store can read: tracked, with one UUID as its primary key, and rows that can be kept.
pub trait Stored: Tracked + EntityTrait<Model: Serialize + DeserializeOwned + Clone + Send + Sync> + 'static {}

impl<E> Stored for E where E: Tracked + EntityTrait<Model: Serialize + DeserializeOwned + Clone + Send + Sync> + 'static {}

/// The database, the cache over it, and the spaces of the entities that have been read. One for each server.
#[derive(Debug)]
pub struct Store {
    database: DatabaseConnection,
    statements: Statements,
    cache: Cache,
    tracking: Vec<Tracking>,
    policies: Policies,
    spaces: RwLock<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
    answers: Space<Vec<u8>>,
    started_at: DateTime<Utc>,
    own_changes: OwnChanges,
}

impl Store {
    /// `statements` must count those of `database`, and `cache` be over its change log, with `tracking` installed.
    pub fn new(
        database: DatabaseConnection,
        statements: Statements,
        cache: Cache,
        tracking: Vec<Tracking>,
        policies: Policies,
    ) -> Arc<Self> {
        let answers = cache.space("answer", reader::ANSWER_FORMAT, policies.list("answer"));
        Arc::new(Self {
            database,
            statements,
            cache,
            tracking,
            policies,
            spaces: RwLock::default(),
            answers,
            started_at: now(),
            own_changes: OwnChanges::default(),
        })
    }

    /// A reader for a request that arrives now.
    pub fn reader(self: &Arc<Self>) -> Reader {
        self.reader_for(self.cache.request())
    }

    /// A reader for a request that has arrived.
    pub(crate) fn reader_for(self: &Arc<Self>, request: Request) -> Reader {
        Reader::new(Arc::clone(self), request)
    }

    /// The cache.
    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// When it was made, by the clock.
    pub(crate) fn started_at(&self) -> DateTime<Utc> {
        self.started_at
    }

    /// What counts the statements that are made.
    pub(crate) fn statements(&self) -> &Statements {
        &self.statements
    }

    /// The rows of `E`, as far as they are kept.
    ///
    /// # Errors
    /// `INTERNAL` when `E` is not tracked.
    pub(crate) fn kept<E: Stored>(&self) -> Result<Arc<dyn KeptRows>, Error> {
        Ok(self.spaces::<E>()?)
    }

    /// Whether a change that comes from there is known to have been made through this store, though it does not say so itself.
    pub(crate) fn has_made(&self, origin: &Origin) -> bool {
        self.own_changes.contain(origin.sequence)
    }

    /// What the change log records.
    pub(crate) fn all_tracking(&self) -> &[Tracking] {
        &self.tracking
    }

    /// What the change log records of `table`.
    ///
    /// Refusing what is not tracked is what makes a forgotten declaration a failed first test and not a stale read.
    fn tracking(&self, table: &str) -> Result<&Tracking, Error> {
        self.tracking
            .iter()
            .find(|tracking| tracking.table == table)
            .ok_or_else(|| Error::internal(format!("table {table} is not tracked: add it to entity::tracking()")))
    }

    fn spaces<E: Stored>(&self) -> Result<Arc<Spaces<E>>, Error> {
        let known = self.spaces.read().get(&TypeId::of::<E>()).cloned();
        let spaces = match known {
            Some(spaces) => spaces,
            None => {
                self.tracking(E::TRACKING.table)?;
                let mut all = self.spaces.write();
                let made = || -> Arc<dyn Any + Send + Sync> { Arc::new(Spaces::<E>::new(&self.cache, &self.policies)) };
                Arc::clone(all.entry(TypeId::of::<E>()).or_insert_with(made))
            }
        };
        spaces.downcast().map_err(|_| Error::internal("the spaces of another entity"))
    }
}
