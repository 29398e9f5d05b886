use std::time::Duration;

use super::parse;

/// How what is counted comes into the database.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Counters")]
pub(crate) struct CounterConfiguration {
    /// How often the views that were counted are brought into the database
    #[arg(
        long,
        value_name = "DURATION",
        env = "TIDEWATER_VIEW_FLUSH_INTERVAL",
        default_value = "10s",
        value_parser = parse::positive_duration,
        global = true
    )]
    pub(crate) view_flush_interval: Duration,
}
