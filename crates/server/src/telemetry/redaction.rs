use opentelemetry::trace::Status;
use opentelemetry::{Key, StringValue, Value};
use opentelemetry_sdk::trace::{SpanData, SpanEvents};

/// The attributes that leave the process: numbers, names that the program, the schema or a document gives, and texts of statements, which
/// have places where values go. Whatever else a span has, be it of this project or of a library, stays here.
const TOLD: [&str; 28] = [
    "db.operation.name",
    "db.query.text",
    "db.system.name",
    "error.type",
    "graphql.operation.name",
    "graphql.operation.type",
    "http.request.method",
    "http.response.status_code",
    "http.route",
    "messaging.destination.name",
    "messaging.operation.name",
    "messaging.operation.type",
    "messaging.system",
    "network.protocol.name",
    "network.protocol.version",
    "tidewater.changes",
    "tidewater.database",
    "tidewater.document",
    "tidewater.found",
    "tidewater.job",
    "tidewater.joined",
    "tidewater.keys",
    "tidewater.memory",
    "tidewater.misses",
    "tidewater.outcome",
    "tidewater.redis",
    "tidewater.space",
    "tidewater.stale",
];

/// What SeaORM calls attributes that have another name by now.
const RENAMED: [(&str, &str); 3] =
    [("db.system", "db.system.name"), ("db.operation", "db.operation.name"), ("db.statement", "db.query.text")];

/// How much of a text is told, in bytes.
const LONGEST: usize = 2_048;

/// Takes from a span whatever is not to be told.
pub(super) fn redact(span: &mut SpanData) {
    for attribute in &mut span.attributes {
        if let Some((_, name)) = RENAMED.iter().find(|(old, _)| attribute.key.as_str() == *old) {
            attribute.key = Key::from_static_str(name);
        }
    }
    span.attributes.retain(|attribute| TOLD.contains(&attribute.key.as_str()));
    for attribute in &mut span.attributes {
        if let Value::String(text) = &attribute.value
            && text.as_str().len() > LONGEST
        {
            attribute.value = Value::String(cut(text));
        }
    }
    if span.name.starts_with("sea_orm.") {
        // The conventions name a statement by what it does.
        let operation = span.attributes.iter().find(|attribute| attribute.key.as_str() == "db.operation.name");
        if let Some(operation) = operation {
            span.name = operation.value.as_str().into_owned().into();
        }
    }
    span.events = SpanEvents::default();
    if let Status::Error { description } = &mut span.status {
        *description = "".into();
    }
}

fn cut(text: &StringValue) -> StringValue {
    let text = text.as_str();
    text[..text.floor_char_boundary(LONGEST)].to_owned().into()
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use opentelemetry::trace::{Event, SpanContext, SpanId, SpanKind};
    use opentelemetry::{InstrumentationScope, KeyValue};
    use opentelemetry_sdk::trace::SpanLinks;

    use super::*;

    fn span(name: &'static str, attributes: Vec<KeyValue>) -> SpanData {
        let mut events = SpanEvents::default();
        events.events.push(Event::with_name("secret"));
        let mut span = SpanData {
            span_context: SpanContext::NONE,
            parent_span_id: SpanId::INVALID,
            parent_span_is_remote: false,
            span_kind: SpanKind::Client,
            name: name.into(),
            start_time: SystemTime::now(),
            end_time: SystemTime::now(),
            attributes,
            dropped_attributes_count: 0,
            events,
            links: SpanLinks::default(),
            status: Status::error("secret"),
            instrumentation_scope: InstrumentationScope::default(),
        };
        redact(&mut span);
        span
    }

    #[test]
    fn nothing_is_told_but_what_is_known_to_be_fit() {
        let told = span(
            "sea_orm.query_all",
            vec![
                KeyValue::new("db.system", "postgresql"),
                KeyValue::new("db.operation", "SELECT"),
                KeyValue::new("db.statement", "ä".repeat(LONGEST)),
                KeyValue::new("exception.message", "secret"),
                KeyValue::new("variables", "secret"),
                KeyValue::new("tidewater.keys", 3),
            ],
        );
        let keys: Vec<_> = told.attributes.iter().map(|attribute| attribute.key.as_str()).collect();
        assert_eq!(keys, ["db.system.name", "db.operation.name", "db.query.text", "tidewater.keys"]);
        assert_eq!(told.attributes[2].value.as_str().len(), LONGEST);
        assert_eq!(told.name, "SELECT");
        assert_eq!((told.status, told.events.len()), (Status::error(""), 0));
    }
}
