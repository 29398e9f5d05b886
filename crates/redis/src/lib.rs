//! A connection to a Redis that may be slow or gone at any time.
//!
//! Every command has one attempt and a time limit. When some fail in a row, none is sent but for a probe now and then, so that
//! nobody waits for a Redis that does not answer; that is logged once, and once when it is over. Connecting again goes on in the
//! background for as long as the connection is held.
//!
//! Which commands are sent, and what happens without them, is the business of whoever uses it. This crate knows fred, and
//! nothing of what Redis is used for.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod answer;
mod breaker;
mod connection;
mod statistics;

pub use answer::is_unanswered;
pub use connection::{Connection, OpenError, Settings, Unavailable};
pub use statistics::Statistics;
