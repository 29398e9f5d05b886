//! Studio. The page is the same for everybody; what it shows is what the API gives to whoever is signed in.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;

use super::pages::{self, File};

const PATH: &str = "/studio";

/// What the page may load, and run: what was built with it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";
const NOT_BUILT: &str =
    "This program was built without Studio: build it where npm is installed, or use the Docker image.\n";

/// The page at `/studio`, and each of its files; without them, a sentence that says how to come by them.
pub(super) fn router(files: &'static [File]) -> Router {
    if files.is_empty() {
        return Router::new().route(PATH, get(async || (StatusCode::NOT_FOUND, NOT_BUILT)));
    }
    pages::router(PATH, files, POLICY)
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use tower::ServiceExt as _;

    use super::*;

    async fn page(files: &'static [File]) -> (StatusCode, String) {
        let request = Request::get(PATH).body(Body::empty()).unwrap();
        let answer = router(files).oneshot(request).await.unwrap();
        let status = answer.status();
        (status, String::from_utf8(to_bytes(answer.into_body(), 1024).await.unwrap().to_vec()).unwrap())
    }

    #[tokio::test]
    async fn without_files_one_sentence_says_how_to_come_by_them() {
        let (status, sentence) = page(&[]).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert_eq!(sentence.find('.'), Some(sentence.trim_end().len() - 1), "{sentence}");
        assert!(sentence.contains("npm") && sentence.contains("Docker"), "{sentence}");
    }

    #[tokio::test]
    async fn with_files_the_page_is_served() {
        const FILES: &[File] = &[File { path: "index.html", content_type: "text/html", content: b"the page" }];
        assert_eq!(page(FILES).await, (StatusCode::OK, "the page".to_owned()));
    }
}
