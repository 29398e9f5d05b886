//! What a client calls a mutation that it may send again: the header of draft-ietf-httpapi-idempotency-key-header-07.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use tidewater_graphql::IdempotencyKey;

use super::refusal::Refusal;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Tells that an earlier request had done what this one asked for.
pub(super) const REPLAYED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("idempotency-replayed"), HeaderValue::from_static("true"));

/// The key of the request that consists of these bytes, if it has one.
pub(super) fn key(headers: &HeaderMap, request: &[u8]) -> Result<Option<IdempotencyKey>, Refusal> {
    let mut values = headers.get_all(KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().ok().and_then(text).filter(|_| values.next().is_none());
    let key = text.and_then(|text| IdempotencyKey::new(text, request));
    key.map(Some).ok_or_else(|| {
        Refusal::malformed(
            "`Idempotency-Key` is not one text of 1 to 255 printable ASCII characters, such as \"8e03978e\"",
        )
    })
}

/// Refuses a key for several requests at once: some might be done and others not.
pub(super) fn refuse_key(headers: &HeaderMap) -> Result<(), Refusal> {
    if headers.contains_key(KEY) {
        return Err(Refusal::malformed("`Idempotency-Key` goes with one request, not with an array of them"));
    }
    Ok(())
}

/// The text of a string of RFC 9651, section 3.3.3; also one that lacks its quotes, as many clients send it.
fn text(value: &str) -> Option<String> {
    let value = value.trim_matches(' ');
    let Some(quoted) = value.strip_prefix('"') else {
        return (!value.contains(['"', ' '])).then(|| value.to_owned());
    };
    let mut text = String::with_capacity(quoted.len());
    let mut characters = quoted.chars();
    loop {
        match characters.next()? {
            '"' => return characters.next().is_none().then_some(text),
            '\\' => text.push(characters.next().filter(|escaped| matches!(escaped, '"' | '\\'))?),
            other => text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_with_its_quotes_and_without() {
        for (value, expected) in [
            ("abc-1", Some("abc-1")),
            ("\"abc-1\"", Some("abc-1")),
            (" \"a b\" ", Some("a b")),
            (r#""a\"b\\c""#, Some(r#"a"b\c"#)),
            ("\"\"", Some("")),
            ("\"abc", None),
            ("\"abc\"; a=1", None),
            (r#""a\b""#, None),
            ("a b", None),
            ("a\"b", None),
        ] {
            assert_eq!(text(value).as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn there_is_one_key_or_none() {
        let of = |values: &[&'static str]| {
            let headers = values.iter().map(|value| (KEY, HeaderValue::from_static(value)));
            key(&headers.collect(), b"request")
        };
        assert_eq!(of(&[]).unwrap(), None);
        assert_eq!(of(&["a"]).unwrap(), IdempotencyKey::new("a", b"request"));
        assert_eq!(of(&["\"a\""]).unwrap(), of(&["a"]).unwrap());
        assert!(of(&["a", "a"]).is_err() && of(&[""]).is_err() && of(&["a b"]).is_err());
    }
}
