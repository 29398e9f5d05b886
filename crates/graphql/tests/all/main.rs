//! The API on real databases, with and without Redis.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod accounts;
mod completion;
mod connections;
mod content;
mod cost;
mod crowd;
mod exports;
mod fixture;
mod idempotency;
mod likes;
mod live;
mod notes;
mod notifications;
mod oracle;
mod plans;
mod recipe;
mod sessions;
mod tags;
mod todos;
mod views;
