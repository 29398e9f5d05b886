//! GraphiQL, as it was built into the program.

use axum::Router;
use axum::http::Uri;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

include!(concat!(env!("OUT_DIR"), "/graphiql.rs"));

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
            let headers =
                [(CONTENT_TYPE, *content_type), (CACHE_CONTROL, caching), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
            (headers, *bytes).into_response()
        }
        None => axum::http::StatusCode::NOT_FOUND.into_response(),
    }
}
