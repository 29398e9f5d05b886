//! The change log on PostgreSQL.

mod history;
mod install;
mod poll;
mod prune;
mod session;
mod table;
mod triggers;

pub(crate) use install::{install, uninstall, verify};
pub(crate) use poll::Log;
pub(crate) use prune::{current, prune};
