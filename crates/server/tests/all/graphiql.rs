use reqwest::StatusCode;

use crate::fixture::on_sqlite;

#[tokio::test]
async fn the_page_is_served_with_each_file_that_it_names() {
    let (_database, server) = on_sqlite(&[]).await;
    let page = server.client().get(server.url()).send().await.unwrap();
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    let page = page.text().await.unwrap();
    assert!(page.contains("id=\"graphiql\""), "{page}");
    assert!(
        !page.contains("<script>") && !page.contains("<script type=\"module\">"),
        "the page's policy would not run it"
    );
    // Relative ones, which are built, and the query that the page from the CDN fetches.
    for file in page.split(['"', '\'']).filter(|text| text.starts_with("./") || *text == "default.graphql") {
        let response = server.client().get(format!("{}/{file}", server.url())).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{file}");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff", "{file}");
        assert_eq!(response.headers()["vary"], "accept-encoding", "{file}");
        assert!(!response.bytes().await.unwrap().is_empty(), "{file}");
    }
}

#[tokio::test]
async fn the_page_can_be_turned_off() {
    let (_database, server) = on_sqlite(&["--graphiql", "off"]).await;
    assert_eq!(server.client().get(server.url()).send().await.unwrap().status(), StatusCode::NOT_FOUND);
}
