//! GraphiQL.

use axum::Router;

use super::pages::{self, GRAPHIQL};

/// The script of the page that is loaded from a CDN.
const CDN_SCRIPT: &str = "graphiql-cdn.js";

/// What the page may load, and run: what was built with it. The editor makes styles as it goes.
const BUILT: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; \
                     img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                     frame-ancestors 'none'";
/// The same, with what the page that was not built loads; hashes in the page say which files these are.
const FROM_CDN: &str = "default-src 'none'; script-src 'self' https://cdn.jsdelivr.net; \
                        style-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net; img-src 'self' data:; \
                        font-src 'self' data: https://cdn.jsdelivr.net; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                        frame-ancestors 'none'";

/// The page at `/`, and each of its files.
pub(super) fn router() -> Router {
    let is_from_cdn = GRAPHIQL.iter().any(|file| file.path == CDN_SCRIPT);
    pages::router("/", GRAPHIQL, if is_from_cdn { FROM_CDN } else { BUILT })
}
