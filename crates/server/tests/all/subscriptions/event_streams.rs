//! GraphQL over server-sent events.

use reqwest::{Client, RequestBuilder, StatusCode, Version};
use serde_json::{Value, json};
use tidewater_testkit::{Server, on_each_backend};
use url::Url;

use super::event_stream::EventStream;
use super::world::{NOTE_CHANGED, TODO_CHANGED, create_todo, rename, todo_change};
use crate::fixture::{credentials, on_sqlite, seeded, sign_in, start_over};

const STREAM: &str = "text/event-stream";
/// As urql sends it.
const JSON_FIRST: &str = "application/graphql-response+json, application/json, text/event-stream, multipart/mixed";

fn post(server: &Server, client: &Client, query: &str, variables: Value) -> RequestBuilder {
    let body = json!({ "query": query, "variables": variables });
    client.post(format!("{}/graphql", server.url())).header("accept", STREAM).json(&body)
}

fn by_get(server: &Server, query: &str) -> Url {
    Url::parse_with_params(&format!("{}/graphql", server.url()), [("query", query)]).unwrap()
}

on_each_backend! {
    async fn each_change_is_an_event(backend) {
        let (database, redis) = (seeded(backend).await, backend.redis().await);
        let server = start_over(&database, redis.as_ref()).await;
        let token = sign_in(&server, 2).await;
        let id = create_todo(&server, &token, "0").await;
        let http2 = Client::builder().http2_prior_knowledge().build().unwrap();
        let url = format!("{}/graphql", server.url());
        let get = server.client().get(by_get(&server, TODO_CHANGED)).header("accept", STREAM);
        let both = server.client().post(&url).header("accept", JSON_FIRST).json(&json!({ "query": TODO_CHANGED }));
        let requests = [
            (post(&server, server.client(), TODO_CHANGED, Value::Null), Version::HTTP_11),
            (post(&server, &http2, TODO_CHANGED, Value::Null), Version::HTTP_2),
            (get, Version::HTTP_11),
            (both, Version::HTTP_11),
        ];
        let mut streams = Vec::new();
        for (request, version) in requests {
            let stream = EventStream::open(request.bearer_auth(&token)).await;
            assert_eq!(stream.version(), version);
            streams.push(stream);
        }
        // An answer that has begun is a subscription that has begun.
        for number in 1..=3 {
            rename(&database, &(number - 1).to_string(), &number.to_string()).await;
            for stream in &mut streams {
                assert_eq!(stream.result().await, todo_change("UPDATED", &id, Some(&number.to_string())));
            }
        }
    }
}

#[tokio::test]
async fn queries_and_mutations_are_streams_of_one_event() {
    let (_database, server) = on_sqlite(&[]).await;
    let mut stream = EventStream::open(post(&server, server.client(), "{ __typename }", Value::Null)).await;
    assert_eq!(stream.result().await, json!({ "data": { "__typename": "Query" } }));
    stream.complete().await;
    let sign_in = "mutation($input: SignInInput!) { signIn(input: $input) { viewer { email } } }";
    let mut stream = EventStream::open(post(&server, server.client(), sign_in, credentials(2))).await;
    assert!(stream.response().headers()["set-cookie"].to_str().unwrap().starts_with("tidewater_session="));
    assert_eq!(stream.result().await["data"]["signIn"]["viewer"]["email"], "user2@example.test");
    stream.complete().await;
    let url = format!("{}/graphql", server.url());
    let request = server.client().post(&url).header("accept", JSON_FIRST).json(&json!({ "query": "{ __typename }" }));
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["data"]["__typename"], "Query", "JSON, where that is as welcome");
}

#[tokio::test]
async fn what_is_not_executed_is_an_event_too() {
    let (_database, server) = on_sqlite(&["--max-complexity", "100"]).await;
    for (refused, code) in [
        ("{ nonsense }", "BAD_USER_INPUT"),
        ("{ syntax", "BAD_USER_INPUT"),
        ("subscription { nonsense }", "BAD_USER_INPUT"),
        ("subscription { noteChanged { kind } todoChanged { kind } }", "BAD_USER_INPUT"),
        (
            "subscription { noteChanged { node { user { todos(first: 100) { nodes { id text } } } } } }",
            "BAD_USER_INPUT",
        ),
        (TODO_CHANGED, "UNAUTHENTICATED"),
    ] {
        let mut stream = EventStream::open(post(&server, server.client(), refused, Value::Null)).await;
        let result = stream.result().await;
        assert_eq!(result["errors"][0]["extensions"]["code"], code, "{result}");
        stream.complete().await;
    }
}

#[tokio::test]
async fn before_there_is_a_stream_a_request_is_refused_like_any() {
    let (_database, server) = on_sqlite(&["--max-streams", "1", "--request-rate", "8/h", "--max-body", "1KiB"]).await;
    let (client, url) = (server.client(), format!("{}/graphql", server.url()));
    let stream = |request: RequestBuilder| request.header("accept", STREAM);
    let status = async |request: RequestBuilder| {
        let response = request.send().await.unwrap();
        let status = response.status();
        let answer: Value = response.json().await.unwrap();
        assert!(answer["errors"][0]["extensions"]["code"].is_string(), "{answer}");
        status
    };
    let json = ("content-type", "application/json");
    assert_eq!(status(stream(client.post(&url)).body("{}")).await, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(status(stream(client.post(&url)).header(json.0, json.1).body("{}")).await, StatusCode::BAD_REQUEST);
    assert_eq!(status(stream(client.get(&url))).await, StatusCode::BAD_REQUEST);
    let large = post(&server, client, &"#".repeat(2_000), Value::Null);
    assert_eq!(status(large).await, StatusCode::PAYLOAD_TOO_LARGE);
    let mutation = stream(client.get(by_get(&server, "mutation { signOut { __typename } }")));
    assert_eq!(status(mutation).await, StatusCode::METHOD_NOT_ALLOWED);
    let _open = EventStream::open(post(&server, client, NOTE_CHANGED, Value::Null)).await;
    assert_eq!(status(post(&server, client, NOTE_CHANGED, Value::Null)).await, StatusCode::SERVICE_UNAVAILABLE);
    for _ in 0..8 {
        let _ = post(&server, client, "{ __typename }", Value::Null).send().await.unwrap();
    }
    assert_eq!(status(post(&server, client, NOTE_CHANGED, Value::Null)).await, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_stream_gives_signs_of_life() {
    let (_database, server) = on_sqlite(&["--keep-alive", "50ms"]).await;
    let mut stream = EventStream::open(post(&server, server.client(), NOTE_CHANGED, Value::Null)).await;
    for _ in 0..5 {
        assert_eq!(stream.piece().await.as_deref(), Some(":"));
    }
}

#[tokio::test]
async fn a_stream_gives_its_place_when_its_client_is_gone() {
    // Nothing is sent by which it would be found out.
    let (_database, server) = on_sqlite(&["--keep-alive", "1h", "--max-streams", "1"]).await;
    drop(EventStream::open(post(&server, server.client(), NOTE_CHANGED, Value::Null)).await);
    crate::fixture::eventually("there is room again", async || {
        post(&server, server.client(), NOTE_CHANGED, Value::Null).send().await.unwrap().status() == StatusCode::OK
    })
    .await;
}
