//! The pages for browsers. Whether they work is tested with a browser, in `e2e/browser`.

use std::path::Path;

use reqwest::{Response, StatusCode};
use tidewater_graphql::{DocumentCheck, Limits};
use tidewater_testkit::Server;

use crate::fixture::on_sqlite;

async fn get(server: &Server, path: &str) -> Response {
    server.client().get(format!("{}{path}", server.url())).send().await.unwrap()
}

#[tokio::test]
async fn graphiql_is_served_with_each_file_that_it_names() {
    let (_database, server) = on_sqlite(&[]).await;
    let page = get(&server, "/").await;
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    let page = page.text().await.unwrap();
    assert!(page.contains("id=\"graphiql\""), "{page}");
    every_file_is_served(&server, &page).await;
}

/// It needs npm to be built; without, the route says so.
#[tokio::test]
async fn studio_is_served_with_each_file_that_it_names_or_says_how_to_build_it() {
    let (_database, server) = on_sqlite(&[]).await;
    let answer = get(&server, "/studio").await;
    let is_built = answer.status() == StatusCode::OK;
    let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(!policy.contains("unsafe"), "{policy}");
    let page = answer.text().await.unwrap();
    if is_built {
        assert!(page.contains("id=\"studio\"") && policy.contains("script-src 'self'"), "{policy}: {page}");
        every_file_is_served(&server, &page).await;
    } else {
        assert!(page.contains("npm") && page.contains("Docker"), "{page}");
    }
}

async fn every_file_is_served(server: &Server, page: &str) {
    assert!(
        !page.contains("<script>") && !page.contains("<script type=\"module\">"),
        "the page's policy would not run it"
    );
    // Relative ones, which are built, and the query that the page from the CDN fetches.
    for file in page.split(['"', '\'']).filter(|text| text.starts_with("./") || *text == "default.graphql") {
        let response = get(server, &format!("/{file}")).await;
        assert_eq!(response.status(), StatusCode::OK, "{file}");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff", "{file}");
        assert_eq!(response.headers()["vary"], "accept-encoding", "{file}");
        assert!(!response.bytes().await.unwrap().is_empty(), "{file}");
    }
}

#[tokio::test]
async fn each_page_can_be_turned_off() {
    for (setting, page, other) in [("--graphiql", "/", "/studio"), ("--studio", "/studio", "/")] {
        let (_database, server) = on_sqlite(&[setting, "off"]).await;
        let answer = get(&server, page).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        assert!(answer.text().await.unwrap().is_empty(), "{page} is served");
        assert!(!get(&server, other).await.text().await.unwrap().is_empty(), "{other} is not served");
    }
}

#[tokio::test]
async fn the_documents_that_pages_begin_with_could_be_executed() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web");
    let examples = std::fs::read_dir(pages.join("graphiql/examples")).unwrap().map(|entry| entry.unwrap().path());
    let documents: Vec<_> = examples.chain([pages.join("graphiql-cdn/default.graphql")]).collect();
    assert!(documents.len() > 5, "{documents:?}");
    let check = DocumentCheck::new(Limits::default());
    for path in documents {
        let text = std::fs::read_to_string(&path).unwrap();
        check.check(&text).await.unwrap_or_else(|wrong| panic!("{}: {wrong}", path.display()));
    }
}
