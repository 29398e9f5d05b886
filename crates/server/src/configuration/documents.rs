use std::time::Duration;

use tidewater_persisted::Settings;

use super::parse;

/// Documents that requests can name instead of sending them.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Known documents")]
pub(crate) struct DocumentConfiguration {
    /// The most memory that the texts of automatic persisted queries take in this process; with 0, there are none
    #[arg(
        long,
        value_name = "SIZE",
        env = "TIDEWATER_PERSISTED_QUERY_MEMORY",
        default_value = "8MiB",
        value_parser = parse::bytes_or_none,
        global = true
    )]
    persisted_query_memory: usize,

    /// How long an automatic persisted query is kept that nobody sends
    #[arg(
        long,
        value_name = "DURATION",
        env = "TIDEWATER_PERSISTED_QUERY_TTL",
        default_value = "24h",
        value_parser = parse::positive_duration,
        global = true
    )]
    persisted_query_ttl: Duration,
}

impl DocumentConfiguration {
    /// How texts are kept that clients make known, without Redis. None if they are not.
    pub(crate) fn persisted_queries(&self) -> Option<Settings> {
        let memory_bytes = self.persisted_query_memory as u64;
        (memory_bytes > 0).then_some(Settings { memory_bytes, ttl: self.persisted_query_ttl, redis: None })
    }
}
