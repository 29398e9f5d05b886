//! Answers to `GET` that a client has already.

use reqwest::Response;
use tidewater_testkit::{Server, on_each_backend};

use crate::fixture::{on_sqlite, seeded, sign_in, start};

const NOTES: &str = "query=%7Bnotes%7Bnodes%7Btitle%7D%7D%7D";

async fn get(server: &Server, query: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = server.client().get(format!("{}/graphql?{query}", server.url()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

fn tag(response: &Response) -> String {
    response.headers()["etag"].to_str().unwrap().to_owned()
}

on_each_backend! {
    async fn a_client_is_spared_the_body_until_the_data_change(backend) {
        let database = seeded(backend).await;
        let server = start(&database, &[]).await;
        let first = get(&server, NOTES, &[]).await;
        assert_eq!((first.status().as_u16(), &first.headers()["cache-control"]), (200, &"private, no-cache".parse().unwrap()));
        assert_eq!(first.headers()["vary"], "accept, accept-encoding, authorization, cookie");
        let known = tag(&first);

        // A change elsewhere moves the mark, and nothing else.
        database.sql("UPDATE tag SET name = 'elsewhere' WHERE name = (SELECT min(name) FROM tag)").await;
        let again = get(&server, NOTES, &[("if-none-match", &known)]).await;
        assert_eq!((again.status().as_u16(), tag(&again)), (304, known.clone()));
        assert_ne!(again.headers()["tidewater-mark"], first.headers()["tidewater-mark"]);
        for name in ["cache-control", "vary"] {
            assert_eq!(again.headers()[name], first.headers()[name], "{name}");
        }
        assert_eq!(again.bytes().await.unwrap(), "");

        // It is validated like any other read: nothing that was committed before is missed.
        database.sql("UPDATE note SET title = 'changed' WHERE visibility = 'PUBLIC'").await;
        let changed = get(&server, NOTES, &[("if-none-match", &known)]).await;
        assert_eq!(changed.status(), 200);
        assert_ne!(tag(&changed), known);
        assert!(changed.text().await.unwrap().contains("changed"));
    }
}

#[tokio::test]
async fn each_viewer_and_each_media_type_has_its_own() {
    let (_database, server) = on_sqlite(&[]).await;
    let query = "query=%7Bviewer%7Bemail%7D%7D";
    let mut tags = vec![tag(&get(&server, query, &[]).await)];
    for user in [2, 3] {
        let bearer = format!("Bearer {}", sign_in(&server, user).await);
        tags.push(tag(&get(&server, query, &[("authorization", &bearer)]).await));
        let other = get(&server, query, &[("authorization", &bearer), ("if-none-match", &tags[0])]).await;
        assert_eq!(other.status(), 200);
    }
    tags.push(tag(&get(&server, query, &[("accept", "application/graphql-response+json")]).await));
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 4);
    // As urql and others ask, which take what goes on as it comes.
    let accepting = "application/graphql-response+json, application/json, text/event-stream";
    assert!(tags.contains(&tag(&get(&server, query, &[("accept", accepting)]).await)));
    let preferring = get(&server, query, &[("accept", "text/event-stream, */*;q=0.1")]).await;
    assert!(!preferring.headers().contains_key("etag"), "each event stream is told anew");
}

#[tokio::test]
async fn errors_and_posts_are_not_kept() {
    let (_database, server) = on_sqlite(&[]).await;
    for query in ["query=%7Btodos%7BtotalCount%7D%7D", "query=%7Bnothing%7D", "query=%7B", "variables=1"] {
        let response = get(&server, query, &[("if-none-match", "*")]).await;
        assert!(response.status() == 200 || response.status() == 400, "{query}");
        assert_eq!(response.headers()["cache-control"], "no-store", "{query}");
        assert!(!response.headers().contains_key("etag"), "{query}");
        assert_ne!(response.text().await.unwrap(), "");
    }
    let headers = [("content-type", "application/json"), ("if-none-match", "*")];
    let response = server.post_raw(&headers, r#"{"query": "{ __typename }"}"#).await;
    assert_eq!((response.status().as_u16(), &response.headers()["cache-control"]), (200, &"no-store".parse().unwrap()));
    assert!(!response.headers().contains_key("etag"));
    let explained = get(&server, NOTES, &[("tidewater-explain", "1"), ("if-none-match", "*")]).await;
    assert_eq!(
        (explained.status().as_u16(), &explained.headers()["cache-control"]),
        (200, &"no-store".parse().unwrap())
    );
    assert!(!explained.headers().contains_key("etag"));
    let head = server.client().head(format!("{}/graphql?{NOTES}", server.url())).send().await.unwrap();
    assert_eq!(tag(&head), tag(&get(&server, NOTES, &[]).await));
}
