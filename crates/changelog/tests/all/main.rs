//! The change log against real databases.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod declarations;
mod fixture;
mod marks;
mod origins;
mod postgres;
mod pruning;
mod rows;
mod sqlite;
