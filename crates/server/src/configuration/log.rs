use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

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
        value_parser = level,
        global = true
    )]
    pub(crate) log_level: String,

    /// How log records are written to stderr
    #[arg(long, value_name = "FORMAT", env = "TIDEWATER_LOG_FORMAT", default_value = "text", global = true)]
    pub(crate) log_format: LogFormat,
}

/// How log records are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// A line for people, in colour on a terminal.
    Text,
    /// A JSON object a line.
    Json,
}

fn level(text: &str) -> Result<String, String> {
    // A lone word that is no level would be taken for a target, and everything else fall silent.
    let known = |directive: &str| directive.contains('=') || directive.trim().parse::<LevelFilter>().is_ok();
    if !text.is_empty() && text.split(',').all(known) && EnvFilter::try_new(text).is_ok() {
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
            assert!(level(good).is_ok(), "{good}");
        }
        for bad in ["", "loud", "info,loud", "sqlx=loud"] {
            assert!(level(bad).is_err(), "{bad}");
        }
    }
}
