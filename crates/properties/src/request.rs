use axum::http::Uri;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tidewater::reading::{self, Read, Refused};
use url::form_urlencoded::Serializer;

/// How many requests a body may hold here.
const MOST: usize = 4;

/// A request is refused in a documented way, or it is what a JSON parser makes of the body. Sent by `GET` it is the same request, and in a
/// batch, too.
pub fn request(bytes: &[u8]) {
    let Some((choice, rest)) = crate::choose(bytes, 2) else { return };
    match choice {
        0 => body(rest),
        _ => {
            let Ok(uri) = Uri::builder().path_and_query([b"/graphql?", rest].concat()).build() else { return };
            if let Err(refused) = reading::query_string(&uri) {
                is_refusal(&refused);
            }
        }
    }
}

fn body(bytes: &[u8]) {
    match reading::body(bytes) {
        Ok(read) => {
            is_what_was_sent(&read, bytes);
            is_the_same_by_get(&read, bytes);
            let array = [b"[", bytes, b"]"].concat();
            let batch = reading::batch(&array, MOST).and_then(Result::ok);
            let texts = batch.unwrap_or_else(|| panic!("a request is none within a batch"));
            assert!(texts.len() == 1 && texts[0].as_bytes() == bytes.trim_ascii(), "{texts:?}");
        }
        Err(refused) => {
            is_refusal(&refused);
            // What cannot be read as JSON at all, a parser that knows nothing of requests cannot read either.
            let is_json = serde_json::from_slice::<Value>(bytes).is_ok();
            assert!(refused.status != 400 || !is_json, "{}", refused.body);
        }
    }
    match reading::batch(bytes, MOST) {
        Some(Ok(texts)) => assert!((1..=MOST).contains(&texts.len()), "{texts:?}"),
        Some(Err(refused)) => is_refusal(&refused),
        None => {}
    }
}

fn is_what_was_sent(read: &Read, bytes: &[u8]) {
    // A member that is ignored may hold what no value can, such as a number that is too large.
    let Ok(sent) = serde_json::from_slice::<Map<String, Value>>(bytes) else { return };
    let text = |name: &str| sent.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let query = text("query").filter(|query| !query.trim().is_empty()).unwrap_or_default();
    assert_eq!(read.request.query, query);
    assert_eq!(read.request.operation_name.as_deref(), text("operationName"));
    assert_eq!(read.document_id.as_deref(), text("documentId"));
    let count = |name: &str| sent.get(name).and_then(Value::as_object).map_or(0, Map::len);
    assert_eq!(read.request.variables.len(), count("variables"));
    assert_eq!(read.request.extensions.len(), count("extensions"));
}

fn is_the_same_by_get(read: &Read, bytes: &[u8]) {
    let mut pairs = Serializer::new(String::new());
    let texts = [
        ("query", Some(&*read.request.query)),
        ("operationName", read.request.operation_name.as_deref()),
        ("documentId", read.document_id.as_deref()),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            pairs.append_pair(name, text);
        }
    }
    // As they were written, since a number may be written in several ways.
    let sent: std::collections::HashMap<String, &RawValue> = serde_json::from_slice(bytes).unwrap_or_default();
    for name in ["variables", "extensions"] {
        if let Some(text) = sent.get(name) {
            pairs.append_pair(name, text.get());
        }
    }
    // A longer one is no URL.
    let Ok(uri) = Uri::builder().path_and_query(format!("/graphql?{}", pairs.finish())).build() else { return };
    let got = reading::query_string(&uri).unwrap_or_else(|refused| panic!("by GET: {}", refused.body));
    assert_eq!(got.request.query, read.request.query);
    assert_eq!(got.request.operation_name, read.request.operation_name);
    assert_eq!(got.document_id, read.document_id);
    assert_eq!(*got.request.variables, *read.request.variables);
    assert_eq!(got.request.extensions.0, read.request.extensions.0);
}

/// Checks that a refusal is a GraphQL response with a documented code and status.
pub(crate) fn is_refusal(refused: &Refused) {
    let Ok(answer) = serde_json::from_str::<Value>(&refused.body) else { panic!("no JSON: {}", refused.body) };
    assert!(answer.get("data").is_none(), "{answer}");
    let errors = answer["errors"].as_array().map(Vec::as_slice);
    let Some([error]) = errors else { panic!("{answer}") };
    assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{answer}");
    crate::is_sentence(error["message"].as_str().unwrap_or_default(), "");
    assert!(matches!((refused.status, refused.status_in_json), (400 | 422, 400)), "{refused:?}");
}
