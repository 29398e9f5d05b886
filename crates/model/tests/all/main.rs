//! The model, checked to the end within its bounds, and without one protection at a time.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod controls;
mod exhaustive;
mod snapshots;
