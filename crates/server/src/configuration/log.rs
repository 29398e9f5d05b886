use std::time::Duration;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use super::parse;

/// The longest text of directives, in bytes.
const LONGEST: usize = 1_000;

/// What is reported, and how.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Log")]
pub(crate) struct LogConfiguration {
    /// The least severe level that is logged: error, warn, info, debug or trace, or directives such as `info,sqlx=debug`
    #[arg(
        long,
        value_name = "LEVEL",
        env = "TIDEWATER_LOG_LEVEL",
        default_value = "info",
        value_parser = log_directives,
        global = true
    )]
    pub(crate) log_level: String,

    /// How log records are written to stderr
    #[arg(long, value_name = "FORMAT", env = "TIDEWATER_LOG_FORMAT", default_value = "text", global = true)]
    pub(crate) log_format: LogFormat,

    /// From which time on an operation is logged as slow, with why its reads were misses; with 0s, none is
    #[arg(
        long,
        value_name = "DURATION",
        env = "TIDEWATER_SLOW_OPERATION",
        default_value = "0s",
        value_parser = parse::duration,
        global = true
    )]
    pub(crate) slow_operation: Duration,
}

impl LogConfiguration {
    /// From which time on an operation is logged as slow, if any is.
    pub(crate) fn slow_operation(&self) -> Option<Duration> {
        Some(self.slow_operation).filter(|from| !from.is_zero())
    }
}

/// How log records are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// A line for people, in colour on a terminal.
    Text,
    /// A JSON object a line.
    Json,
}

/// What is logged: a level, or directives. The error is a sentence.
pub(crate) fn log_directives(text: &str) -> Result<String, String> {
    // A lone word that is no level would be taken for a target, and everything else fall silent.
    let known = |directive: &str| directive.contains('=') || directive.trim().parse::<LevelFilter>().is_ok();
    let is_plain = (1..=LONGEST).contains(&text.len()) && !text.contains(char::is_control);
    if is_plain && text.split(',').all(known) && EnvFilter::try_new(text).is_ok() {
        Ok(text.to_owned())
    } else {
        Err("expected error, warn, info, debug or trace, or directives such as info,sqlx=debug".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_directives_are_accepted_and_words_are_not() {
        for good in ["info", "DEBUG", "off", "info,sqlx=debug", "tidewater_cache=trace"] {
            assert!(log_directives(good).is_ok(), "{good}");
        }
        for bad in ["", "loud", "info,loud", "sqlx=loud", "info\n"] {
            assert!(log_directives(bad).is_err(), "{bad}");
        }
    }
}
