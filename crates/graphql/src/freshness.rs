//! Freshness as clients see it in a request's and a response's `extensions.tidewater`.

use async_graphql::indexmap::IndexMap;
use async_graphql::{Name, Request, Response, Value};
use tidewater_cache::{HistoryMark, Provenance};

use crate::Error;
use crate::live::Shown;

/// The name under `extensions`.
const NAME: &str = "tidewater";

/// The mark that the request requires in its `extensions`, if it does.
///
/// # Errors
/// `BAD_USER_INPUT` for what was never a mark.
pub(crate) fn required(request: &Request) -> Result<Option<HistoryMark>, Error> {
    let Some(Value::Object(extension)) = request.extensions.get(NAME) else { return Ok(None) };
    match extension.get("mark") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => text.parse().map(Some).map_err(|_| not_a_mark()),
        Some(_) => Err(not_a_mark()),
    }
}

/// What the client of a live query says in the request's `extensions` that it was shown last, if it does.
///
/// # Errors
/// `BAD_USER_INPUT` for what was never told.
pub(crate) fn shown(request: &Request) -> Result<Option<Shown>, Error> {
    let Some(Value::Object(extension)) = request.extensions.get(NAME) else { return Ok(None) };
    let refused = || Error::bad_user_input("extensions.tidewater.shown", "this is not what a live query told");
    match extension.get("shown") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => text.parse().map(Some).map_err(|_| refused()),
        Some(_) => Err(refused()),
    }
}

/// Tells the client the response's mark, and whether the response is older than allowed otherwise.
pub(crate) fn report(response: &mut Response, mark: Option<&HistoryMark>, provenance: &Provenance) {
    let mut told = IndexMap::new();
    if let Some(mark) = mark {
        told.insert(Name::new("mark"), Value::from(mark.to_string()));
    }
    if provenance.stale {
        told.insert(Name::new("stale"), Value::from(true));
        let age = i64::try_from(provenance.age.as_millis()).unwrap_or(i64::MAX);
        told.insert(Name::new("ageMilliseconds"), Value::from(age));
    }
    if !told.is_empty() {
        response.extensions.insert(NAME.to_owned(), Value::Object(told));
    }
}

/// Adds how a request was answered, in JSON, to the end of its response.
pub(crate) fn explain(tail: &mut String, explanation: &str) {
    add(tail, "explain", explanation);
}

/// Adds to the end of a response what its extension tells beside the rest: a value in JSON under a name.
fn add(tail: &mut String, name: &str, value: &str) {
    let has_extension = tail.ends_with("}}}");
    let told = format!("\"{name}\":{value}");
    if has_extension {
        tail.truncate(tail.len() - 3);
        tail.push_str(&format!(",{told}}}}}}}"));
    } else {
        tail.truncate(tail.len() - 1);
        tail.push_str(&format!(",\"extensions\":{{\"{NAME}\":{{{told}}}}}}}"));
    }
}

/// The end of a response in JSON, from behind its data and errors on, that tells what [`report`] does.
pub(crate) fn tail(mark: Option<&HistoryMark>, provenance: &Provenance) -> String {
    // A mark is written in characters that JSON need not escape.
    let mark = mark.map(HistoryMark::as_str);
    match (mark, provenance.stale) {
        (None, false) => "}".to_owned(),
        (Some(mark), false) => [",\"extensions\":{\"", NAME, "\":{\"mark\":\"", mark, "\"}}}"].concat(),
        (mark, true) => {
            let mark = mark.map(|mark| format!("\"mark\":\"{mark}\",")).unwrap_or_default();
            let age = provenance.age.as_millis();
            format!(",\"extensions\":{{\"{NAME}\":{{{mark}\"stale\":true,\"ageMilliseconds\":{age}}}}}}}")
        }
    }
}

/// The end of an answer to a live query, which tells beside that by what its client can say that it was shown it.
pub(crate) fn tail_of_live(shown: &Shown, provenance: &Provenance) -> String {
    let mut tail = tail(shown.mark.as_ref(), provenance);
    // It is written in characters that JSON need not escape.
    add(&mut tail, "shown", &format!("\"{shown}\""));
    tail
}

fn not_a_mark() -> Error {
    Error::bad_user_input("extensions.tidewater.mark", "this is not a mark that this server gives")
}
