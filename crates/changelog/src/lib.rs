//! The change log: what every transaction changed, in the order in which it became visible.
//!
//! Triggers write each [`Change`] to a table of the same database, inside the writer's own transaction. A [`ChangeSource`]
//! asks, in one statement, for the current [`Mark`] and for the changes that became visible since the last one. Nothing is
//! missed and nothing is seen early, in whatever order transactions commit and whoever wrote them.
//!
//! This crate knows SQL. It knows no domain, no cache, no Redis and no GraphQL.
//!
//! # Use
//!
//! Declare a [`Tracking`] for each table, [`install`] them after each migration, and have every process [`verify`] that they are
//! what is installed before it trusts the log. Then poll a [`Log`], and run a [`Pruner`] from time to time. Schema changes are
//! not logged: what `ALTER TABLE`, `DETACH PARTITION` or `DROP TABLE` makes appear or vanish is for the migration to settle by
//! installing anew.
//!
//! # Why it is exact on PostgreSQL
//!
//! *Logged if and only if committed.* A change and its row in the log belong to one transaction, so both become visible at once
//! or never. No writer escapes: the triggers fire for statements of any kind, for cascades, and `ALWAYS`, so for writers in the
//! replication role too; making them takes a lock that waits for every writer that began without them, and only after that is
//! the *floor* set, the mark from which the log is complete. Between schema changes and the next installation a trigger that
//! finds other columns than it knows logs less precisely, and not less.
//!
//! *Seen exactly once.* Each row carries its transaction's id. A `pg_snapshot` says of each id whether it is visible: it is
//! below `xmax` and not listed as running. A statement's rows and its `pg_current_snapshot()` are of the same snapshot. So what
//! became visible between two polls is what the second one sees of the ids that the first snapshot did not: those it lists as
//! running, and those from its `xmax` on. These are the ids that the poll looks up. Savepoints do not matter, as the id is that
//! of the whole transaction; prepared transactions are running until they end; an aborted one's rows are never visible.
//!
//! *In order.* What one poll saw newly is ordered by a sequence that each row of the log takes a number from when it is written. A
//! row of a table stays locked from its change to the end of the transaction, so the numbers of one row's changes ascend in the order
//! of commits. Between rows that no transaction has to do with in common, there is an order that transactions may have committed in.
//!
//! *Never late.* A transaction is acknowledged after it became visible, so a poll that begins later has it in its snapshot.
//!
//! *In the same history.* Ids mean something only in one history of one server. A [`Generation`] is made of everything that tells
//! histories apart: the identity and object id of the log's tables (a dump), system identifier and timeline (a promoted
//! standby, a restored backup), start of the server (copied files), and a value in an unlogged table, which crash recovery
//! empties: a crash under a living main process may give out again ids that were seen before.
//!
//! *Pruned with notice.* Deleting and moving the floor is one transaction. A reader whose last mark does not include the floor
//! may have missed what was deleted, and starts over.
//!
//! # Why it is exact on SQLite
//!
//! Writers are serial, so the log's sequence is the order of commits, and one statement reads identity, floor and all rows from
//! the last known one on, that one included: if it is not the row it was, a backup was put back. `PRAGMA data_version` moves
//! with every commit of another connection, and the log's connection never writes, so while it stands still there is nothing to
//! read. `REPLACE` deletes without firing delete triggers: every row that an insert or update could replace is logged
//! beforehand, as what may have been [replaced](Operation::Replace).

use std::future::Future;
use std::time::Duration;

mod change;
mod decode;
mod error;
#[doc(hidden)]
pub mod fault;
mod install;
mod log;
mod mark;
mod numbered;
mod postgres;
mod prune;
mod source;
mod sqlite;
mod tracking;
mod value;

pub use change::{Change, Columns, Operation, Origin, RowChange};
pub use error::Error;
pub use install::{install, uninstall, verify};
pub use log::Log;
pub use mark::{Mark, MarkError, Snapshot};
pub use numbered::last_number;
pub use prune::Pruner;
pub use source::{ChangeSource, Generation, Poll, PollError};
pub use tracking::{Column, Kind, Tracking, TriggerForm};
pub use value::Value;

/// Waits for `work` no longer than `limit`.
async fn within<T>(limit: Duration, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let late = |_| Error::Unreachable(format!("no answer within {limit:?}"));
    tokio::time::timeout(limit, work).await.map_err(late)?
}
