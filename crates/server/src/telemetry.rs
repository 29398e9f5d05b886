//! Log records: to stderr, as text or JSON.

use std::io::{self, IsTerminal};
use std::panic::PanicHookInfo;

use tracing_subscriber::EnvFilter;

use crate::configuration::{LogConfiguration, LogFormat};

/// Libraries that tell at level info what interests nobody who runs the program. What is configured wins.
const QUIET: &str = "sea_orm_migration=warn,sqlx=warn";

/// Starts to log as configured, panics included. To be called once.
pub(crate) fn start(configuration: &LogConfiguration) {
    let builder = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(format!("{QUIET},{}", configuration.log_level)))
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    match configuration.log_format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(true).with_span_list(false).init(),
    }
    std::panic::set_hook(Box::new(log_panic));
}

/// The default hook writes several lines outside the log, and knows no request id.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(location, "a part of the program failed: {}", panic.payload_as_str().unwrap_or("no reason given"));
}
