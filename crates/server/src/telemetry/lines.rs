use std::fmt;

use serde_json::{Map, Value};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{Format, FormatEvent, Json, JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormattedFields, format};
use tracing_subscriber::registry::LookupSpan;

/// A log record a line, as a JSON object that ends with what it belongs to: `request_id`, and `trace_id` and `span_id` if that is traced.
pub(super) struct JsonLines(Format<Json>);

/// What is taken of the fields of spans, and what it is called beside those of the record.
const TAKEN: [(&str, &str); 4] =
    [("id", "request_id"), ("job", "job"), ("trace_id", "trace_id"), ("span_id", "span_id")];

impl Default for JsonLines {
    fn default() -> Self {
        Self(format().json().flatten_event(true).with_current_span(false).with_span_list(false))
    }
}

impl<S> FormatEvent<S, JsonFields> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::with_capacity(256);
        self.0.format_event(context, Writer::new(&mut line), event)?;
        let Some(record) = line.strip_suffix("}\n") else { return writer.write_str(&line) };
        writer.write_str(record)?;
        for span in context.event_scope().into_iter().flatten() {
            let extensions = span.extensions();
            let Some(fields) = extensions.get::<FormattedFields<JsonFields>>() else { continue };
            let Ok(fields) = serde_json::from_str::<Map<String, Value>>(fields) else { continue };
            let taken = TAKEN.iter().filter_map(|(field, name)| Some((name, fields.get(*field)?)));
            let mut is_taken = false;
            for (name, value) in taken {
                write!(writer, ",\"{name}\":{value}")?;
                is_taken = true;
            }
            if is_taken {
                // The nearest one: a name must not come twice.
                break;
            }
        }
        writer.write_str("}\n")
    }
}
