//! The pages for browsers, as they were built into the program.

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY};
use axum::response::IntoResponse;
use axum::routing::get;

include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// A file of a page.
pub(super) struct File {
    /// Relative to the folder that the page is in.
    pub(super) path: &'static str,
    pub(super) content_type: &'static str,
    pub(super) content: &'static [u8],
}

/// Serves a page at `path`, and its other files beside it. Each has the page's content security policy, since a worker keeps to that of
/// its own script.
pub(super) fn router(path: &'static str, files: &'static [File], policy: &'static str) -> Router {
    files.iter().fold(Router::new(), |router, file| {
        let answer = move || async move {
            // What is not at the top is named by a hash of its content.
            let caching = if file.path.contains('/') { "public, max-age=31536000, immutable" } else { "no-cache" };
            let headers = [
                (CONTENT_TYPE, file.content_type),
                (CACHE_CONTROL, caching),
                (CONTENT_SECURITY_POLICY, policy),
                (VARY, "accept-encoding"),
            ];
            (headers, file.content).into_response()
        };
        let own = format!("/{}", file.path);
        router.route(if file.path == "index.html" { path } else { &own }, get(answer))
    })
}
