use tidewater_cache::{Cache, Crowd, Found, Space};
use tidewater_changelog::Value;
use tidewater_entity::fingerprint;
use tidewater_entity::selection::{PageRows, Scalar};
use uuid::Uuid;

use super::{Policies, Stored};
use crate::Error;

/// To be changed when the form of what the store keeps changes, other than by an entity's columns.
const FORMAT: u64 = 1;

/// What is kept of one entity.
#[derive(Debug)]
pub(super) struct Spaces<E: Stored> {
    /// Rows by primary key; an absent row is a value like any other.
    pub(super) items: Space<Option<E::Model>>,
    /// Pages of selections: keys and places.
    pub(super) lists: Space<PageRows>,
    /// Counts of selections.
    pub(super) counts: Space<u64>,
    /// What requests ask the database for, of each of these.
    pub(super) asked: Asked<E>,
}

/// Those who ask the database at the same time.
#[derive(Debug)]
pub(super) struct Asked<E: Stored> {
    pub(super) items: Crowd<(), Uuid, Found<Option<E::Model>>, Error>,
    pub(super) lists: Crowd<Vec<u8>, Scalar, Found<PageRows>, Error>,
    pub(super) counts: Crowd<Vec<u8>, Scalar, Found<u64>, Error>,
}

impl<E: Stored> Spaces<E> {
    pub(super) fn new(cache: &Cache, policies: &Policies) -> Self {
        let table = E::TRACKING.table;
        let fingerprint = fingerprint::<E>().wrapping_add(FORMAT);
        Self {
            items: cache.space(table, fingerprint, policies.item(table)).of_rows(table, row_key),
            lists: cache.space(format!("{table}.list"), fingerprint, policies.list(table)),
            counts: cache.space(format!("{table}.count"), fingerprint, policies.list(table)),
            asked: Asked { items: Crowd::default(), lists: Crowd::default(), counts: Crowd::default() },
        }
    }
}

/// The key of a row in its entity's space.
fn row_key(key: &[Value]) -> Box<[u8]> {
    match key {
        [Value::Uuid(key)] => Box::from(key.as_bytes().as_slice()),
        _ => Box::default(),
    }
}
