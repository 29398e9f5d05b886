//! What each command does.

mod check;
mod migrate;
mod schema;
mod seed;
mod serve;

pub(crate) use check::check;
pub(crate) use migrate::migrate;
pub(crate) use schema::schema;
pub(crate) use seed::seed;
pub(crate) use serve::serve;
