//! GraphiQL, as it was built into the program.

use axum::Router;
use axum::http::Uri;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

include!(concat!(env!("OUT_DIR"), "/graphiql.rs"));

/// The script of the page that is loaded from a CDN.
const CDN_SCRIPT: &str = "graphiql-cdn.js";

/// What the page may load, and run: what was built with it. The editor makes styles as it goes. Each file has it, since a worker
/// keeps to that of its own script.
const BUILT: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; \
                     img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                     frame-ancestors 'none'";
/// The same, with what the page that was not built loads; hashes in the page say which files these are.
const FROM_CDN: &str = "default-src 'none'; script-src 'self' https://cdn.jsdelivr.net; \
                        style-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net; img-src 'self' data:; \
                        font-src 'self' data: https://cdn.jsdelivr.net; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                        frame-ancestors 'none'";

fn policy() -> &'static str {
    if FILES.iter().any(|(path, ..)| *path == CDN_SCRIPT) { FROM_CDN } else { BUILT }
}

/// The page at `/`, and each of its files.
pub(super) fn router() -> Router {
    FILES
        .iter()
        .fold(Router::new().route("/", get(index)), |router, (path, ..)| router.route(&format!("/{path}"), get(file)))
}

async fn index() -> Response {
    answer("index.html")
}

async fn file(uri: Uri) -> Response {
    answer(uri.path().trim_start_matches('/'))
}

fn answer(path: &str) -> Response {
    match FILES.iter().find(|(known, ..)| *known == path) {
        Some((_, content_type, bytes)) => {
            // The names of assets hold a hash of their content.
            let caching = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
            let headers = [
                (CONTENT_TYPE, *content_type),
                (CACHE_CONTROL, caching),
                (CONTENT_SECURITY_POLICY, policy()),
                (VARY, "accept-encoding"),
            ];
            (headers, *bytes).into_response()
        }
        None => axum::http::StatusCode::NOT_FOUND.into_response(),
    }
}
