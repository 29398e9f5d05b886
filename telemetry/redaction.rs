use opentelemetry::trace::Status;
use opentelemetry::{Key, StringValue, Value};
use opentelemetry_sdk::trace::{SpanData, SpanEvents};

/// The attributes that leave the process: numbers, names that the program, the schema or a document gives, and texts of statements, which
/// have places where values go. Whatever else a span has, be it of this project or of a library, stays here.
const TOLD: [&str; 0] = [];

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
