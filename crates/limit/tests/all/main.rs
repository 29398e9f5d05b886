//! Limits as those who use them see them: on one server, on three over one Redis, and while Redis fails.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod attempts;
mod faults;
mod servers;
mod single;
mod world;
