use sea_orm::DatabaseTransaction;
use tidewater_cache::WriteGuard;
use tidewater_changelog::{fault, last_number};
use tidewater_entity::begin;
use tracing::{Instrument, Span};

use super::Reader;
use super::persistent::persistent;
use crate::Error;

/// A change that is being made. Given up unless it is committed.
pub(crate) struct Change<'a> {
    reader: &'a Reader,
    /// Inside a change, only this is read: caches are neither asked nor filled.
    pub(crate) transaction: DatabaseTransaction,
    writing: WriteGuard,
    /// The number of the last change before it, where changes do not tell who made them.
    before: Option<u64>,
    span: Span,
}

impl Change<'_> {
    /// What is done in it, as traces tell it.
    pub(crate) fn span(&self) -> Span {
        self.span.clone()
    }

    /// Commits it, and returns when it is in force: every later read of this request sees it, whatever it touched, cascades
    /// included.
    ///
    /// # Errors
    /// `CONFLICT` and `UNAVAILABLE` as the database says. `UNAVAILABLE` may also mean that the commit was done and could not be
    /// confirmed.
    pub(crate) async fn commit(self) -> Result<(), Error> {
        let Self { reader, transaction, writing, before, span } = self;
        let committing = async {
            let last = number(&transaction).await;
            let own = before.zip(last).map(|(before, last)| reader.store().own_changes.commit(before, last));
            transaction.commit().await?;
            if let Some(own) = own {
                own.committed();
            }
            fault::hold("write_committed").await;
            Ok::<_, Error>(writing.settle(reader.request()).await?)
        };
        let commit = span.in_scope(|| tracing::debug_span!("commit"));
        committing.instrument(commit).instrument(span).await
    }
}

impl Reader {
    /// Begins a change.
    pub(crate) async fn change(&self) -> Result<Change<'_>, Error> {
        let writing = self.store().cache.writing();
        let span = tracing::debug_span!("transaction");
        let begun = persistent(self.statements(), || begin(self.database()));
        let transaction = begun.instrument(span.clone()).await?;
        let before = number(&transaction).instrument(span.clone()).await;
        Ok(Change { reader: self, transaction, writing, before, span })
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
        let done = work(&change.transaction).instrument(change.span()).await?;
        change.commit().await?;
        Ok(done)
    }
}

/// The number of the last change in the log, with those that were made in `transaction`. Nothing is given up for want of it.
async fn number(transaction: &DatabaseTransaction) -> Option<u64> {
    // Boxed, because what is within other futures is copied with each of them.
    Box::pin(last_number(transaction)).await.ok().flatten()
}
