//! What is done in the background: which jobs there are, how each is done, and which there should be by what the database holds.
//!
//! A job is a hint. What is to be done stands in rows, which [`sweep()`] finds; a job only says where to look, so that nobody has to
//! wait for the next sweep. So jobs may be lost, doubled, late, early, and done by several nodes at once: each reads from its rows
//! what there is to do yet, under a lock, and does it in the transaction that says it is done.
//!
//! What is due is said by the clock of the database, of which there is one. With SQLite that is the process' own.
//!
//! This crate knows the entities and SQL. It knows no queue, Redis, HTTP, GraphQL or cache: what it changes, the change log tells.

mod chore;
mod clock;
mod context;
mod error;
mod export;
mod job;
mod prune;
mod reminder;
mod sweep;

pub use chore::{Chore, chores};
pub use context::{Context, LONGEST_RETENTION};
pub use error::Error;
pub use job::{Job, run};
pub use sweep::{HORIZON, Scheduled, sweep};
