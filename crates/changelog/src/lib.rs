//! The change log: what every transaction changed, in the order in which it became visible.
//!
//! Triggers write each [`Change`] to a table of the same database, inside the writer's own transaction. A [`ChangeSource`]
//! asks, in one statement, for the current [`Mark`] and for the changes that became visible since the last one. Nothing is
//! missed and nothing is seen early, in whatever order transactions commit and whoever wrote them.
//!
//! This crate knows SQL. It knows no domain, no cache, no Redis and no GraphQL.

use std::future::Future;
use std::time::Duration;

mod change;
mod decode;
mod error;
mod install;
mod log;
mod mark;
mod postgres;
mod prune;
mod source;
mod sqlite;
mod tracking;
mod value;

pub use change::{Change, Columns, Operation, RowChange};
pub use error::Error;
pub use install::{install, uninstall, verify};
pub use log::Log;
pub use mark::{Mark, MarkError, Snapshot};
pub use prune::Pruner;
pub use source::{ChangeSource, Generation, Poll, PollError};
pub use tracking::{Column, Kind, Tracking, TriggerForm};
pub use value::Value;

/// Waits for `work` no longer than `limit`.
async fn within<T>(limit: Duration, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let late = |_| Error::Unreachable(format!("no answer within {limit:?}"));
    tokio::time::timeout(limit, work).await.map_err(late)?
}
