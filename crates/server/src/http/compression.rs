//! Answers in fewer bytes, for clients that accept them so.

use std::convert::Infallible;
use std::future::ready;

use axum::body::{Body, HttpBody};
use axum::http::header::{ACCEPT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Request};
use axum::response::Response;
use tower::{Service, service_fn};
use tower_http::CompressionLevel;
use tower_http::compression::Compression;

/// From about here on, brotli and gzip take much more time to save little.
const LEVEL: CompressionLevel = CompressionLevel::Precise(4);

/// What is compressed, by how its media type begins. All else is small, or compressed already, or a stream that must not be held up.
const TYPES: [&str; 5] =
    ["application/json", "application/graphql-response+json", "text/html", "text/javascript", "text/css"];

/// The encodings that a client accepts, if answers may be compressed at all.
pub(super) struct Accepted(HeaderValue);

impl Accepted {
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        headers.get(ACCEPT_ENCODING).cloned().map(Self)
    }

    /// The answer in the encoding that is liked best of brotli, gzip and none, if it has at least `from` bytes.
    pub(super) async fn compress(self, response: Response, from: usize) -> Response {
        // What has no known size is a stream.
        let is_large = response.body().size_hint().exact().is_some_and(|size| size >= from as u64);
        if !is_large || !is_text(response.headers()) {
            return response;
        }
        let mut response = Some(response);
        let answer = service_fn(|_: Request<Body>| ready(Ok::<_, Infallible>(response.take().unwrap_or_default())));
        let mut compression = Compression::new(answer).quality(LEVEL).compress_when(|_, _, _: &HeaderMap, _: &_| true);
        let mut request = Request::new(Body::empty());
        request.headers_mut().insert(ACCEPT_ENCODING, self.0);
        match compression.call(request).await {
            Ok(response) => response.map(Body::new),
            Err(never) => match never {},
        }
    }
}

fn is_text(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    TYPES.iter().any(|text| kind.starts_with(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use axum::http::header::CONTENT_ENCODING;

    use super::*;

    #[tokio::test]
    async fn only_text_is_compressed() {
        for (kind, is_compressed) in
            [("text/html", true), ("application/json; charset=utf-8", true), ("image/png", false)]
        {
            let mut response = Response::new(Body::from("a".repeat(10_000)));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
            let accepted = Accepted(HeaderValue::from_static("gzip"));
            let response = accepted.compress(response, 1_000).await;
            assert_eq!(response.headers().contains_key(CONTENT_ENCODING), is_compressed, "{kind}");
        }
    }
}
