//! A read-through cache that validates what it serves against the database's change log.

mod cache;
mod dependency;
mod error;
mod footprint;
mod hash;
mod lookup;
mod policy;
mod position;
mod request;
mod settings;
mod space;
mod statistics;

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
pub use statistics::{Health, Misses, RedisHealth, SpaceStatistics};
