use async_graphql::SimpleObject;
use tidewater_cache as cache;

use super::object::float;

/// What one memory holds.
#[derive(SimpleObject)]
pub(crate) struct MemoryStatistics {
    /// `values`, which all kinds share, or `response`, for whole responses.
    name: String,
    /// The bytes that its values take, as the server reckons them.
    bytes: f64,
    /// Its bound in bytes.
    most_bytes: f64,
}

/// How full the table of last known changes is. What it has to forget counts as changed, which costs misses.
#[derive(SimpleObject)]
pub(crate) struct TideTableStatistics {
    /// Of how many rows, sets of rows and columns the last change is known.
    entries: f64,
    /// Of how many it can be known.
    capacity: f64,
    /// How many had to be forgotten for others.
    overwritten: f64,
    /// About how many values were found invalid for nothing because of that.
    false_invalidations: f64,
}

impl From<cache::MemoryStatistics> for MemoryStatistics {
    fn from(statistics: cache::MemoryStatistics) -> Self {
        let cache::MemoryStatistics { name, bytes, most_bytes } = statistics;
        Self { name: name.to_string(), bytes: float(bytes), most_bytes: float(most_bytes) }
    }
}

impl From<cache::TideTableStatistics> for TideTableStatistics {
    fn from(statistics: cache::TideTableStatistics) -> Self {
        let cache::TideTableStatistics { entries, capacity, overwritten, false_invalidations } = statistics;
        Self {
            entries: float(entries),
            capacity: float(capacity),
            overwritten: float(overwritten),
            false_invalidations,
        }
    }
}
