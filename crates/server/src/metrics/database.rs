//! How the database does, apart from polls, which have a connection of their own.

use std::fmt;

use tidewater_entity::DatabaseStatistics;

use super::exposition::Exposition;

const VERB: &str = "verb";

pub(super) fn tell(to: &mut Exposition<'_>, database: &DatabaseStatistics) -> fmt::Result {
    let DatabaseStatistics { statements, waits, connections, idle, most } = database;
    to.histograms(
        "tidewater_database_statement_duration_seconds",
        "How long SQL statements took, failed or not, by their verb; without those by which transactions begin and end.",
        statements.iter().map(|of_verb| ([(VERB, of_verb.verb.as_str())], &of_verb.latency)),
    )?;
    to.counters(
        "tidewater_database_statement_failures",
        "SQL statements that failed.",
        statements.iter().map(|of_verb| ([(VERB, of_verb.verb.as_str())], of_verb.failed)),
    )?;
    to.histogram(
        "tidewater_database_wait_seconds",
        "How long reads, and transactions until they began, took beside their statements: waiting for a connection of the pool, above all.",
        waits,
    )?;
    to.gauges(
        "tidewater_database_connections",
        "Connections of the pool that are open, by whether somebody uses them.",
        [([("state", "used")], connections - idle), ([("state", "idle")], *idle)],
    )?;
    to.gauge("tidewater_database_connections_limit", "How many there may be (TIDEWATER_DATABASE_POOL).", *most)
}
