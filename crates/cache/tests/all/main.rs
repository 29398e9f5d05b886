//! Behaviour of the cache, by its public interface, over a database and a change log that a test scripts.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod derived;
mod explanations;
mod faults;
mod flights;
mod freshness;
mod gate;
mod holdings;
mod lookout;
mod memory;
mod miss_reasons;
mod nodes;
mod parts;
mod read;
mod redis;
mod restart;
mod statistics;
mod verification;
mod world;
mod writing;
