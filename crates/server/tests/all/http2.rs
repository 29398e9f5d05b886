//! Clients that speak HTTP/2 from the first byte on.

use futures::future::join_all;
use reqwest::{Client, Response, StatusCode, Version};
use serde_json::{Value, json};
use tidewater_testkit::Server;

use crate::fixture::{on_sqlite, sign_in};

const VIEWER: &str = "{ viewer { name } todos { totalCount } }";

struct Connection {
    client: Client,
    url: String,
    token: String,
}

impl Connection {
    async fn new(server: &Server) -> Self {
        let client = Client::builder().http2_prior_knowledge().build().unwrap();
        Self { client, url: format!("{}/graphql", server.url()), token: sign_in(server, 1).await }
    }

    async fn ask(&self, query: &str) -> Response {
        let request = self.client.post(&self.url).bearer_auth(&self.token).json(&json!({ "query": query }));
        let response = request.send().await.unwrap();
        assert_eq!((response.version(), response.status()), (Version::HTTP_2, StatusCode::OK));
        response
    }
}

#[tokio::test]
async fn they_are_answered_and_what_was_answered_is_remembered() {
    let (_database, server) = on_sqlite(&[]).await;
    let connection = Connection::new(&server).await;
    let first: Value = connection.ask(VIEWER).await.json().await.unwrap();
    assert_eq!(first["data"]["todos"]["totalCount"], 9, "user 1 is an administrator: {first}");
    let again = connection.ask(VIEWER).await;
    assert_eq!(again.headers()["cache-status"], "Tidewater; hit; detail=\"response\"");
    assert_eq!(again.json::<Value>().await.unwrap()["data"], first["data"]);
}

#[tokio::test]
async fn many_requests_share_a_connection() {
    let (_database, server) = on_sqlite(&["--max-connections", "2"]).await;
    let connection = Connection::new(&server).await;
    // More than streams are allowed at once.
    let all = join_all((0..300).map(async |number| {
        let answer: Value = connection
            .ask(&format!("{{ todos(first: {}) {{ totalCount }} }}", number % 100))
            .await
            .json()
            .await
            .unwrap();
        answer["data"]["todos"]["totalCount"].as_i64()
    }));
    assert!(all.await.iter().all(|count| *count == Some(9)));
}

#[tokio::test]
async fn a_server_that_stops_ends_their_connections_in_order() {
    let (_database, mut server) = on_sqlite(&["--shutdown-grace", "1h"]).await;
    let connection = Connection::new(&server).await;
    connection.ask(VIEWER).await;
    let (code, log) = server.terminate().await;
    assert_eq!(code, 0, "{log}");
}
