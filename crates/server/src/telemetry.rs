//! What the program tells of itself: log records to stderr, and spans to a collector.

mod delivery;
mod levels;
mod lines;
mod redaction;
mod trace_context;
mod tracer;

pub(crate) use levels::Levels;
pub(crate) use trace_context::{Carried, Place};
pub(crate) use tracer::{Decision, ROOT, Tracer};

use std::io::{self, IsTerminal};
use std::panic::PanicHookInfo;

use tokio::runtime::Handle;
use tracing::Subscriber;
use tracing_subscriber::filter::FilterExt;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt, registry};

use crate::configuration::{LogConfiguration, LogFormat, TraceConfiguration};
use crate::error::Error;
use lines::JsonLines;

/// What was started.
pub(crate) struct Telemetry {
    /// What is logged, to be changed at any time.
    pub(crate) levels: Levels,
    /// What is traced.
    pub(crate) tracer: Tracer,
}

type Part = Box<dyn Layer<Registry> + Send + Sync>;

/// Starts to log as configured, panics included, and to trace, if that is wanted and there is a collector. Spans are sent on `runtime`. To
/// be called once.
pub(crate) fn start(
    log: &LogConfiguration,
    traces: Option<&TraceConfiguration>,
    runtime: &Handle,
) -> Result<Telemetry, Error> {
    let (filter, levels) = levels::start(&log.log_level);
    let is_fit = levels::fit();
    let (tracer, spans) = tracer::start(traces, runtime)?;
    match spans {
        // One filter for all, of which nothing is remembered from one record to the next: where each part has its own, a record that a
        // library only asked about can have the next one left out.
        None => registry().with(filter).with(is_fit).with(lines(log.log_format)).init(),
        // Here no place in the code is of interest to both, so each is looked at anew.
        Some(spans) => {
            let lines: Part = lines(log.log_format).with_filter(filter.and(is_fit)).boxed();
            registry().with(vec![lines, spans]).with(tracer::gate()).init();
        }
    }
    levels::tell_libraries(&log.log_level);
    std::panic::set_hook(Box::new(log_panic));
    Ok(Telemetry { levels, tracer })
}

/// What writes records to stderr.
fn lines<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let lines = fmt::layer().with_writer(io::stderr);
    match format {
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).boxed(),
        LogFormat::Json => {
            lines.with_ansi(false).fmt_fields(JsonFields::new()).event_format(JsonLines::default()).boxed()
        }
    }
}

/// The default hook writes several lines outside the log, and knows no request id.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(location, "a part of the program failed: {}", panic.payload_as_str().unwrap_or("no reason given"));
}
