use sea_orm::DatabaseTransaction;
use tidewater_cache::WriteGuard;
use tidewater_changelog::fault;
use tidewater_entity::begin;

use super::Reader;
use super::persistent::persistent;
use crate::Error;

/// A change that is being made. Given up unless it is committed.
pub(crate) struct Change<'a> {
    reader: &'a Reader,
    /// Inside a change, only this is read: caches are neither asked nor filled.
    pub(crate) transaction: DatabaseTransaction,
    writing: WriteGuard,
}

impl Change<'_> {
    /// Commits it, and returns when it is in force: every later read of this request sees it, whatever it touched, cascades
    /// included.
    ///
    /// # Errors
    /// `CONFLICT` and `UNAVAILABLE` as the database says. `UNAVAILABLE` may also mean that the commit was done and could not be
    /// confirmed.
    pub(crate) async fn commit(self) -> Result<(), Error> {
        self.transaction.commit().await?;
        fault::hold("write_committed").await;
        Ok(self.writing.settle(self.reader.request()).await?)
    }
}

impl Reader {
    /// Begins a change.
    pub(crate) async fn change(&self) -> Result<Change<'_>, Error> {
        let writing = self.store().cache.writing();
        let transaction = persistent(self.statements(), || begin(self.database())).await?;
        Ok(Change { reader: self, transaction, writing })
    }

    /// Runs `work` in one transaction, commits it, and returns when the change is in force: every later read of this request
    /// sees it, whatever it touched, cascades included. After an error nothing is changed.
    ///
    /// Inside, only the transaction is read: caches are neither asked nor filled. Resolvers use [`Scope::write`](crate::Scope::write),
    /// which a client can repeat.
    ///
    /// # Errors
    /// What `work` answers; `CONFLICT` and `UNAVAILABLE` as the database says. `UNAVAILABLE` may also mean that the commit was
    /// done and could not be confirmed.
    pub async fn write<T>(&self, work: impl AsyncFnOnce(&DatabaseTransaction) -> Result<T, Error>) -> Result<T, Error> {
        let change = self.change().await?;
        let done = work(&change.transaction).await?;
        change.commit().await?;
        Ok(done)
    }
}
