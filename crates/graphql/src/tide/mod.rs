//! What the caches of this server do and know, for whoever looks after it: an ADMIN, or everybody in development.
//!
//! Nothing of it is kept: each answer is of its own moment. Rows are named by their ids; no value of a column is told but those that the
//! entity says are for everybody's eyes.

mod change;
mod database;
mod duration;
mod jobs;
mod levels;
mod memo;
mod memory;
mod mutation;
mod named;
mod object;
mod operation;
mod operations;
mod polls;
mod query;
mod redis;
mod space;
mod subscription;

use async_graphql::Context;

use crate::{Error, scope};

pub(crate) use mutation::TideMutation;
pub(crate) use named::NamedOperations;
pub(crate) use operations::{OperationCounters, Operations};
pub(crate) use query::TideQuery;
pub(crate) use subscription::TideSubscription;

pub use jobs::{BackgroundJobs, DeadJob, JobLengths, NoJobs};
pub use levels::{FixedLogLevels, LogLevels};
pub use named::OperationTotals;

/// Whether everybody may be told what otherwise only an ADMIN may.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Development(pub(crate) bool);

/// Makes sure that the caller may know what this server does.
///
/// # Errors
/// `UNAUTHENTICATED` and `FORBIDDEN`.
fn overseer(context: &Context<'_>) -> Result<(), Error> {
    let Development(is_open) = context.data_opt::<Development>().copied().unwrap_or_default();
    if is_open || scope(context)?.signed_in()?.is_admin() {
        return Ok(());
    }
    Err(Error::Forbidden("only an ADMIN may see what the server does"))
}
