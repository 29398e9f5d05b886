//! The API on real databases, with and without Redis.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod accounts;
mod completion;
mod connections;
mod content;
mod cost;
mod crowd;
mod exports;
mod federation;
mod fixture;
mod idempotency;
mod likes;
mod live;
mod nodes;
mod notes;
mod notifications;
mod oracle;
mod plans;
mod recipe;
mod sessions;
mod subscriptions;
mod tags;
mod todos;
mod users;
mod views;
mod walks;
