//! What each command does.

mod check;
mod jobs;
mod migrate;
mod schema;
mod seed;
mod serve;
mod top;
mod worker;

pub(crate) use check::check;
pub(crate) use jobs::jobs;
pub(crate) use migrate::migrate;
pub(crate) use schema::schema;
pub(crate) use seed::seed;
pub(crate) use serve::serve;
pub(crate) use top::top;
pub(crate) use worker::worker;
