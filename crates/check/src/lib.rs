//! Checks from outside that servers never answer with stale data.
//!
//! [`check`] writes through running servers and, if it may, to their database directly, reads from all of them at the same time, and
//! judges every answer against what had been acknowledged before its request was sent.
//!
//! # What it knows
//!
//! The text of the API's schema, and the tables of the database. It knows nothing of the servers' implementation, shares no code
//! with it, and depends on none of its crates: it speaks HTTP and SQL.
//!
//! # What it judges by
//!
//! Every row that it writes is a *key*, and every state that it gives to a key is a *version*. The text of a row names the key and
//! carries a stamp, so that an answer tells which version it shows. Only one writer writes to a key, one version after the other, and
//! notes when its commit began, when it was acknowledged, and how it ended.
//!
//! Of a read that was sent at s and answered at r, with a bound F, the *admissible* versions of a key are the last one that was
//! acknowledged before s - F and those after it, if their commit had begun before r and they were not rolled back. An item must show an
//! admissible version. A list must be explainable key by key; a count must lie between the fewest and the most rows that it can be.
//! Besides, no client may go back behind what it wrote or was shown. All times are of this process's monotonic clock, so no clocks
//! need to agree: what was acknowledged here before a request was sent from here, happened before it.
//!
//! A write of which nobody says how it ended may come into force at any time. Its key is not written to any more, and both states
//! are admissible.
//!
//! That a request is refused is no violation; a server that cannot know what is true must not guess. Nor is an answer one that says of
//! itself that it is older than it should be: it counts as refused, and promises nothing.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod cleanup;
mod client;
mod clock;
mod context;
mod court;
mod database;
mod error;
mod floors;
mod graphql;
mod history;
mod judge;
mod label;
mod plan;
mod prepare;
mod question;
mod quiet;
mod reader;
mod report;
mod run;
mod settings;
mod state;
mod tally;
mod violation;
mod writers;

pub use error::Error;
pub use report::Report;
pub use run::{Phase, Progress, check};
pub use settings::Settings;
pub use tally::{Refused, Written};
pub use violation::{Example, Kind};
