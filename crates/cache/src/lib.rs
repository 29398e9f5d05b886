//! A read-through cache that validates what it serves against the database's change log.

mod breaker;
mod cache;
mod counters;
mod dependency;
mod envelope;
mod error;
mod fetch;
mod flight;
mod footprint;
mod gate;
mod hash;
mod lookup;
mod memo;
mod memory;
mod policy;
mod poller;
mod position;
mod queue;
mod redis;
mod redis_key;
mod request;
mod ring;
mod settings;
mod space;
mod statistics;
mod tide;
mod tide_table;
mod tracked;
mod unlink;

pub use cache::{Cache, WriteGuard};
pub use dependency::Dependency;
pub use error::{GateError, ReadError, StartError};
pub use footprint::Footprint;
pub use lookup::{Found, Lookup};
pub use policy::Policy;
pub use position::Position;
pub use request::Request;
pub use settings::{RedisSettings, Settings};
pub use space::Space;
pub use statistics::{GateStatistics, Health, Misses, RedisHealth, SpaceStatistics};
#[cfg(test)]
mod tests;
