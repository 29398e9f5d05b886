//! Every request has an id: the client's own, if it is usable, else a new one. The answer repeats it, and every log record that
//! is written on the way carries it.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

pub(super) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Longer ones are replaced: an id is repeated in every log record.
const LONGEST: usize = 128;

/// The id of a request with these headers.
pub(super) fn of(headers: &HeaderMap) -> HeaderValue {
    headers.get(HEADER).filter(|value| is_usable(value)).cloned().unwrap_or_else(generate)
}

/// Whether a client's id could not disturb a log.
fn is_usable(value: &HeaderValue) -> bool {
    let printable =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':' | b'/' | b'+' | b'=');
    (1..=LONGEST).contains(&value.len()) && value.as_bytes().iter().all(printable)
}

fn generate() -> HeaderValue {
    let mut text = Uuid::encode_buffer();
    let text = Uuid::new_v4().hyphenated().encode_lower(&mut text);
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_short_plain_ids_are_taken_over() {
        for good in ["1", "req_01h.x-2", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"] {
            assert!(is_usable(&HeaderValue::from_static(good)), "{good}");
        }
        for bad in ["", "a b", "\"quoted\"", &"x".repeat(LONGEST + 1)] {
            assert!(!is_usable(&HeaderValue::from_str(bad).unwrap()), "{bad}");
        }
    }
}
