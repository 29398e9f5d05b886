//! Mutations that can be sent again without being done again.
//!
//! The record of what was done is written by the transaction that does it: either both are there or neither. Who sends the same
//! key at the same time waits for the record to be committed or given up, because its primary key is unique.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sea_orm::{ActiveModelTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, Set, TryInsertResult};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tidewater_entity::idempotency_record::{self, MAX_KEY, MAX_RESULT};
use tidewater_entity::now;
use uuid::Uuid;

use crate::Error;
use crate::digest::hexadecimal_digest;

/// What it is called where a client sends it.
const NAME: &str = "Idempotency-Key";

/// What a client calls a mutation, so that it can send it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    text: String,
    /// Of the whole request that came with it.
    digest: String,
}

impl IdempotencyKey {
    /// The key `text` of a request that consists of these bytes. None if it is not of 1 to 255 printable ASCII characters.
    pub fn new(text: impl Into<String>, request: &[u8]) -> Option<Self> {
        let text = text.into();
        let is_printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        ((1..=MAX_KEY).contains(&text.len()) && is_printable)
            .then(|| Self { text, digest: hexadecimal_digest(request) })
    }
}

/// The key of the request under way, if it has one, and whether what it answers had been done before. Clones share that.
#[derive(Clone, Debug, Default)]
pub(crate) struct Idempotency {
    key: Option<IdempotencyKey>,
    is_replayed: Arc<AtomicBool>,
}

impl Idempotency {
    pub(crate) fn new(key: Option<IdempotencyKey>) -> Self {
        Self { key, is_replayed: Arc::default() }
    }

    pub(crate) fn key(&self) -> Option<&IdempotencyKey> {
        self.key.as_ref()
    }

    /// Whether the request was answered by what an earlier one did.
    pub(crate) fn is_replayed(&self) -> bool {
        self.is_replayed.load(Ordering::Relaxed)
    }

    /// # Errors
    /// `BAD_USER_INPUT` when there is a key: what follows answers a secret, ends the session that the key belongs to, or is no
    /// transaction.
    pub(crate) fn refuse_key(&self) -> Result<(), Error> {
        match self.key {
            Some(_) => {
                Err(Error::bad_user_input(NAME, "this mutation cannot be repeated by a key; send it without one"))
            }
            None => Ok(()),
        }
    }

    /// # Errors
    /// `BAD_USER_INPUT` when there is a key for several fields: some might be done and others not.
    pub(crate) fn refuse_several(&self, fields: impl FnOnce() -> usize) -> Result<(), Error> {
        match self.key {
            Some(_) if fields() > 1 => {
                Err(Error::bad_user_input(NAME, "a key goes with one field of Mutation; send a request for each"))
            }
            _ => Ok(()),
        }
    }

    /// What the mutation of `user` with this key did, if that was done. If not, it is `transaction`'s to do, and whoever else
    /// wants to waits for it.
    ///
    /// # Errors
    /// `CONFLICT` when the key was used for another request.
    pub(crate) async fn done<T: DeserializeOwned>(
        &self,
        transaction: &DatabaseTransaction,
        key: &IdempotencyKey,
        user: Uuid,
    ) -> Result<Option<T>, Error> {
        let IdempotencyKey { text, digest } = key.clone();
        let claim = idempotency_record::Model { user_id: user, key: text, digest, result: None, created_at: now() };
        let claim = idempotency_record::Entity::insert(claim.into_active_model()).on_conflict_do_nothing();
        if matches!(claim.exec_without_returning(transaction).await?, TryInsertResult::Inserted(1..)) {
            return Ok(None);
        }
        let record = idempotency_record::Entity::find_by_id((user, key.text.clone())).one(transaction).await?;
        // Pruned in this very moment, or its user deleted: the next attempt will know.
        let record = record.ok_or(Error::Unavailable)?;
        if record.digest != key.digest {
            let message = "this Idempotency-Key was used for another request; take a new one".to_owned();
            return Err(Error::Conflict { field: None, message });
        }
        self.is_replayed.store(true, Ordering::Relaxed);
        let result = record.result.ok_or_else(|| Error::internal("a mutation was committed without its result"))?;
        serde_json::from_str(&result).map(Some).map_err(Error::internal)
    }

    /// Records what the mutation of `user` with this key did.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` when that is too much to be kept.
    pub(crate) async fn record<T: Serialize>(
        &self,
        transaction: &DatabaseTransaction,
        key: &IdempotencyKey,
        user: Uuid,
        done: &T,
    ) -> Result<(), Error> {
        let result = serde_json::to_string(done).map_err(Error::internal)?;
        if result.len() > MAX_RESULT {
            let message =
                format!("this changes more than the {MAX_RESULT} bytes that are kept with a key; change less at once");
            return Err(Error::bad_user_input(NAME, message));
        }
        let (user_id, text) = (Set(user), Set(key.text.clone()));
        let record =
            idempotency_record::ActiveModel { user_id, key: text, result: Set(Some(result)), ..Default::default() };
        record.update(transaction).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_printable_and_not_too_long() {
        for good in ["a", "8e03978e-40d5-43dd-bc93-6894a57f9324", "with \"quotes\" and spaces", &"k".repeat(255)] {
            assert!(IdempotencyKey::new(good, b"").is_some(), "{good}");
        }
        for bad in ["", "ä", "a\nb", "\u{7f}", &"k".repeat(256)] {
            assert!(IdempotencyKey::new(bad, b"").is_none(), "{bad}");
        }
        assert_ne!(IdempotencyKey::new("a", b"1"), IdempotencyKey::new("a", b"2"));
    }
}
