//! The queue as those who use it see it, in Redis and in memory, and while workers, processes and Redis fail.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod child;
mod crashes;
mod failures;
mod faults;
mod killed;
mod order;
mod schedule;
mod soak;
mod sweeps;
mod world;
