//! Counting views as those who use it see it: in one process, in several over one Redis, and while everything fails.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod crashes;
mod database;
mod faults;
mod processes;
mod sketches;
mod suite;
mod world;
