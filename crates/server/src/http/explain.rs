//! Whether a request wants to be told how it was answered.

use axum::http::{HeaderMap, HeaderName};

const EXPLAIN: HeaderName = HeaderName::from_static("tidewater-explain");

/// Whether it does. It is answered all the same; who may be told is the API's to decide.
pub(super) fn is_wanted(headers: &HeaderMap) -> bool {
    headers.get(EXPLAIN).is_some_and(|value| value.as_bytes() == b"1")
}
