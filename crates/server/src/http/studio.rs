//! Studio. The page is the same for everybody; what it shows is what the API gives to whoever is signed in.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;

use super::pages::{self, STUDIO};

const PATH: &str = "/studio";

/// What the page may load, and run: what was built with it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";
const NOT_BUILT: &str =
    "This program was built without Studio: build it where npm is installed, or use the Docker image.\n";

/// The page at `/studio`, and each of its files; without them, a sentence that says how to come by them.
pub(super) fn router() -> Router {
    if STUDIO.is_empty() {
        return Router::new().route(PATH, get(async || (StatusCode::NOT_FOUND, NOT_BUILT)));
    }
    pages::router(PATH, STUDIO, POLICY)
}
