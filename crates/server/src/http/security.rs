//! What keeps browsers from doing more with an answer than it is for.

use axum::http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use axum::http::{HeaderMap, HeaderName, HeaderValue};

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// On every answer. That other origins may not load it is about what needs no leave, such as a script's `src`; origins that have leave
/// to read answers are not concerned.
const SHIELD: [(HeaderName, HeaderValue); 4] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("same-origin")),
];

/// For what is no page: it shows nothing, and runs nothing.
const NOTHING: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// Shields an answer. A content security policy of its own stays.
pub(crate) fn shield(headers: &mut HeaderMap) {
    // An answer that has one of them was made from one that has all.
    if headers.contains_key(X_CONTENT_TYPE_OPTIONS) {
        return;
    }
    headers.extend(SHIELD);
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(NOTHING);
}
