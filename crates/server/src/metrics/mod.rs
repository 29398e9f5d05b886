//! Metrics in the form of Prometheus, on an address of their own: what the parts of the process count by themselves is read when it is
//! asked for.
//!
//! Each file tells of one part. What a metric is called and means is said there, and once more in `docs/operations/metrics.md`, which a test
//! holds against this. Labels have values from sets that are bounded by the program, never by clients; and none is of anybody's data.

mod caches;
mod chores;
mod database;
mod endpoint;
mod exposition;
mod http;
mod jobs;
mod operations;
mod polls;
mod process;
mod redis;
mod sources;
mod streams;

pub(crate) use endpoint::Endpoint;
pub(crate) use sources::{OfServer, Sources};
