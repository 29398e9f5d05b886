//! What each command does.

mod migrate;
mod schema;
mod seed;
mod serve;

pub(crate) use migrate::migrate;
pub(crate) use schema::schema;
pub(crate) use seed::seed;
pub(crate) use serve::serve;
