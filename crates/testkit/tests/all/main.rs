//! The servers that tests rely on: each starts, breaks on demand, and goes with the test process.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod backends;
mod clock;
mod databases;
mod lifetime;
mod postgres;
mod proxy;
mod redis;
mod server;
