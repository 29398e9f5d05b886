use sea_orm::DatabaseTransaction;
use tidewater_entity::begin;

use super::Reader;
use super::persistent::persistent;
use crate::Error;

impl Reader {
    /// Runs `work` in one transaction, commits it, and returns when the change is in force: every later read of this request
    /// sees it, whatever it touched, cascades included. After an error nothing is changed.
    ///
    /// Inside, only the transaction is read: caches are neither asked nor filled.
    ///
    /// # Errors
    /// What `work` answers; `CONFLICT` and `UNAVAILABLE` as the database says. `UNAVAILABLE` may also mean that the commit was
    /// done and could not be confirmed.
    pub async fn write<T>(&self, work: impl AsyncFnOnce(&DatabaseTransaction) -> Result<T, Error>) -> Result<T, Error> {
        let writing = self.store().cache.writing();
        let transaction = persistent(|| begin(self.database())).await?;
        let done = work(&transaction).await?;
        transaction.commit().await?;
        writing.settle(self.request()).await?;
        Ok(done)
    }
}
