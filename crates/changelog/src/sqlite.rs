//! The change log on SQLite.

mod install;
mod poll;
mod prune;
mod table;
mod triggers;

pub(crate) use install::{install, uninstall, verify};
pub(crate) use poll::Log;
pub(crate) use prune::{current, prune};
