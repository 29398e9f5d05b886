//! How long things take, counted in buckets: by many threads at once, without a lock and without an allocation.
//!
//! A [`Histogram`] has fixed [`Bounds`]. Recording a duration is a search in a small table and two additions. What was recorded is looked
//! at in a [`Snapshot`], which tells how many there were, their sum, and estimates of quantiles.
//!
//! This crate knows no clock, and nothing of what is measured or of who is told.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod bounds;
mod histogram;
mod snapshot;

pub use bounds::Bounds;
pub use histogram::Histogram;
pub use snapshot::{Bucket, Snapshot};
