//! Every request has an id: the client's own, if it is usable, else a new one. The answer repeats it, and every log record that
//! is written on the way carries it.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;
use uuid::Uuid;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Longer ones are replaced: an id is repeated in every log record.
const LONGEST: usize = 128;

pub(super) async fn assign(request: Request, next: Next) -> Response {
    let (text, value) = request.headers().get(HEADER).and_then(usable).unwrap_or_else(generate);
    let span = tracing::error_span!("request", id = text);
    let mut response = next.run(request).instrument(span).await;
    response.headers_mut().insert(HEADER, value);
    response
}

/// A client's id, unless it could disturb a log.
fn usable(value: &HeaderValue) -> Option<(String, HeaderValue)> {
    let text = value.to_str().ok()?;
    let printable =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':' | b'/' | b'+' | b'=');
    ((1..=LONGEST).contains(&text.len()) && text.bytes().all(printable)).then(|| (text.to_owned(), value.clone()))
}

fn generate() -> (String, HeaderValue) {
    let text = Uuid::new_v4().to_string();
    let value = HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("none"));
    (text, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_short_plain_ids_are_taken_over() {
        for good in ["1", "req_01h.x-2", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"] {
            assert!(usable(&HeaderValue::from_static(good)).is_some(), "{good}");
        }
        for bad in ["", "a b", "\"quoted\"", &"x".repeat(LONGEST + 1)] {
            assert!(usable(&HeaderValue::from_str(bad).unwrap()).is_none(), "{bad}");
        }
    }
}
