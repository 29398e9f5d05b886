//! Answers to `GET` that a client has already: `ETag` and `If-None-Match` (RFC 9110, sections 8.8.3 and 13.1.2).
//!
//! What a client keeps it has to ask about each time, and it is told that nothing is new only after the answer was found, or
//! made, like any other, and as fresh. Only the body is spared.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use tidewater_graphql::{Answer, Outcome};

use super::media_type::MediaType;

/// What an answer to the same URL hangs on besides.
const VARYING: HeaderValue = HeaderValue::from_static("accept, accept-encoding, authorization, cookie");

/// The validator of an answer in this media type, if it may be kept: an answer without errors that is as fresh as was asked for.
///
/// It is a weak one: answers with the same data are the same, though each tells in its extensions what it was made at.
pub(super) fn of(answer: &Answer, media: MediaType) -> Option<HeaderValue> {
    if answer.outcome != Outcome::Complete || answer.provenance.stale {
        return None;
    }
    let kind = match media {
        MediaType::Graphql => 'g',
        MediaType::Json => 'j',
    };
    HeaderValue::try_from(format!("W/\"{kind}{:032x}\"", answer.digest())).ok()
}

/// Makes `response`, which has this validator, one that its client may keep; and without its body if the client has it.
pub(super) fn tell(mut response: Response, validator: Option<HeaderValue>, asked: &HeaderMap) -> Response {
    response.headers_mut().insert(VARY, VARYING);
    let Some(validator) = validator else { return response };
    if is_known(&validator, asked) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
        response.headers_mut().remove(CONTENT_TYPE);
    }
    let told = response.headers_mut();
    told.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    told.insert(ETAG, validator);
    response
}

/// Whether the client says that it has what is so validated.
fn is_known(validator: &HeaderValue, asked: &HeaderMap) -> bool {
    let opaque = |tag: &[u8]| tag.strip_prefix(b"W/").unwrap_or(tag).to_vec();
    let wanted = opaque(validator.as_bytes());
    asked.get_all(IF_NONE_MATCH).iter().any(|value| {
        let mut tags = value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
        // No validator of ours has a comma in it.
        tags.any(|tag| tag == b"*" || opaque(tag) == wanted)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validators_are_compared_weakly() {
        let validator = HeaderValue::from_static("W/\"j1\"");
        let known = |values: &[&'static str]| {
            let values = values.iter().map(|value| (IF_NONE_MATCH, HeaderValue::from_static(value)));
            is_known(&validator, &values.collect())
        };
        assert!(known(&["W/\"j1\""]) && known(&["\"j1\""]) && known(&["*"]));
        assert!(known(&["\"a\", W/\"j1\" , \"b\""]) && known(&["\"a\"", "\"j1\""]));
        assert!(!known(&[]) && !known(&[""]) && !known(&["j1"]) && !known(&["\"j11\""]) && !known(&["\"g1\""]));
    }
}
