use std::time::Duration;

use tidewater_jobs::LONGEST_RETENTION;

use super::parse;

/// The files of users' own data.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Exports")]
pub(crate) struct ExportConfiguration {
    /// How long the file of an export can be downloaded, at most 366 days
    #[arg(
        long,
        value_name = "DURATION",
        env = "TIDEWATER_EXPORT_RETENTION",
        default_value = "24h",
        value_parser = retention,
        global = true
    )]
    pub(crate) export_retention: Duration,
}

fn retention(text: &str) -> Result<Duration, String> {
    match parse::positive_duration(text)? {
        retention if retention <= LONGEST_RETENTION => Ok(retention),
        _ => Err("expected a duration of at most 366days".to_owned()),
    }
}
