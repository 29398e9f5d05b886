//! Invariants of parts that the public interface does not show.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod dependency;
mod envelope;
mod feed;
mod ledger;
mod oracle;
mod ring;
mod tide_table;
