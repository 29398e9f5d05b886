use async_graphql::SimpleObject;
use tidewater_entity as entity;

use super::duration::DurationStatistics;
use super::object::float;

/// How the database does, apart from polls, which have a connection of their own.
#[derive(SimpleObject)]
pub(crate) struct DatabaseStatistics {
    /// How long statements took, failed or not.
    latency: DurationStatistics,
    /// How long reads and transactions took beside their statements: waiting for a connection, above all.
    waits: DurationStatistics,
    /// How many statements failed.
    failed: f64,
    /// How many connections are open.
    connections: i32,
    /// How many of them nobody uses.
    idle_connections: i32,
    /// How many there may be.
    most_connections: i32,
}

impl From<entity::DatabaseStatistics> for DatabaseStatistics {
    fn from(statistics: entity::DatabaseStatistics) -> Self {
        let number = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
        Self {
            latency: statistics.latency().into(),
            failed: float(statistics.failed()),
            connections: number(statistics.connections),
            idle_connections: number(statistics.idle),
            most_connections: number(statistics.most),
            waits: statistics.waits.into(),
        }
    }
}
