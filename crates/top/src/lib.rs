//! What a running server's caches do, on a terminal: Studio's page Tide for whoever came by ssh.
//!
//! [`watch`] shows it as it happens, [`once`] tells it once.
//!
//! # What it knows
//!
//! `schema.graphql`, HTTP and terminals: it asks `tide` and `tideChanged` like any other client. It knows nothing of servers, caches or
//! databases, and depends on no other crate of theirs.
//!
//! # How it is made
//!
//! ```text
//! source ──▶ state ──▶ summary, lists ──▶ view ──▶ terminal
//!  polls and  history   what is told of    the picture
//!  follows    changes   it, as text   └──▶ once
//! ```
//!
//! One task does all of it. What comes from a server is bounded: an answer, an event, the samples and the changes that are kept. What of
//! it could drive a terminal is taken out before it is shown.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod changes;
mod client;
mod controls;
mod documents;
mod error;
mod event;
mod figures;
mod history;
mod lists;
mod once;
mod settings;
mod sheet;
mod source;
mod state;
mod summary;
mod terminal;
mod tide;
mod view;
mod watch;

pub use error::Error;
pub use once::{Report, once};
pub use settings::Settings;
pub use watch::watch;
