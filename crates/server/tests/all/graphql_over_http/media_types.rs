//! What is answered in which media type, and with which status.

use reqwest::Response;
use serde_json::{Value, json};
use tidewater_testkit::Server;

use super::{JSON, get};
use crate::fixture::{on_sqlite, sign_in};

const GRAPHQL: &str = "application/graphql-response+json";
const TODOS: &str = "{ todos { totalCount } }";

async fn ask(server: &Server, accept: &str, body: &str) -> Response {
    server.post_raw(&[JSON, ("accept", accept)], body.to_owned()).await
}

fn content_type(response: &Response) -> &str {
    response.headers()["content-type"].to_str().unwrap()
}

#[tokio::test]
async fn each_type_has_rules_of_its_own_for_the_status() {
    let (_database, server) = on_sqlite(&["--max-depth", "3", "--max-batch", "1"]).await;
    let request = |query: &str| json!({ "query": query }).to_string();
    let variables = |query: &str, variables: Value| json!({ "query": query, "variables": variables }).to_string();
    let many_fields = format!("{{ {} }}", "__typename ".repeat(20_001));
    let rubbish_mark =
        json!({ "query": "{ __typename }", "extensions": { "tidewater": { "mark": "rubbish" } } }).to_string();
    for (what, body, graphql, json, has_data) in [
        ("data", request("{ __typename }"), 200, 200, true),
        ("data and an error", request("{ viewer { id } todos { totalCount } node(id: \"x\") { id } }"), 294, 200, true),
        ("null and an error", request(TODOS), 294, 200, true),
        ("no GraphQL", request("{"), 400, 200, false),
        ("a field that there is not", request("{ nothing }"), 422, 200, false),
        (
            "an operation that there is not",
            json!({ "query": "query A { __typename }", "operationName": "B" }).to_string(),
            422,
            200,
            false,
        ),
        ("a choice of operations", request("query A { __typename } query B { __typename }"), 422, 200, false),
        (
            "a variable of another type",
            variables("query($id: ID!) { node(id: $id) { id } }", json!({ "id": null })),
            422,
            200,
            false,
        ),
        ("too deep", request("{ viewer { todos { nodes { id } } } }"), 422, 200, false),
        ("too many fields", request(&many_fields), 422, 200, false),
        ("a mark that is none", rubbish_mark, 422, 200, false),
        ("a typing mistake", json!({ "qeury": "{ __typename }" }).to_string(), 422, 400, false),
        ("variables that are none", variables("{ __typename }", json!([7])), 422, 400, false),
        ("no JSON", "NONSENSE".to_owned(), 400, 400, false),
        ("nothing", String::new(), 400, 400, false),
    ] {
        for (accept, status) in [(GRAPHQL, graphql), ("application/json", json)] {
            let response = ask(&server, accept, &body).await;
            assert_eq!(response.status(), status, "{what}, {accept}");
            assert_eq!(content_type(&response), format!("{accept}; charset=utf-8"), "{what}");
            let answer: Value = response.json().await.unwrap();
            assert_eq!(answer.get("data").is_some(), has_data, "{what}: {answer}");
            let is_whole = what == "data";
            assert_eq!(answer.get("errors").is_none(), is_whole, "{what}: {answer}");
            let errors = answer["errors"].as_array();
            for error in errors.into_iter().flatten() {
                assert!(error["message"].is_string() && error["extensions"]["code"].is_string(), "{what}: {answer}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_remembered_is_answered_in_the_type_that_is_asked_for() {
    let (_database, server) = on_sqlite(&[]).await;
    let bearer = format!("Bearer {}", sign_in(&server, 1).await);
    let mut bodies = Vec::new();
    for (turn, accept) in ["application/json", GRAPHQL, "*/*", GRAPHQL].into_iter().enumerate() {
        let headers = [JSON, ("accept", accept), ("authorization", &bearer)];
        let response = server.post_raw(&headers, json!({ "query": TODOS }).to_string()).await;
        assert_eq!(response.status(), 200);
        let expected = if accept == GRAPHQL { GRAPHQL } else { "application/json" };
        assert_eq!(content_type(&response), format!("{expected}; charset=utf-8"));
        let is_remembered = response.headers()["cache-status"] == "Tidewater; hit; detail=\"response\"";
        assert_eq!(is_remembered, turn > 0);
        bodies.push(response.text().await.unwrap());
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
    // Errors are made anew for everybody.
    for (accept, status) in [(GRAPHQL, 294), ("application/json", 200), (GRAPHQL, 294)] {
        assert_eq!(ask(&server, accept, &json!({ "query": TODOS }).to_string()).await.status(), status);
    }
}

#[tokio::test]
async fn who_accepts_neither_type_is_told_so_before_anything_is_done() {
    let (_database, server) = on_sqlite(&[]).await;
    let response = ask(&server, "text/html", r#"{"query": "mutation { signOut { user { id } } }"}"#).await;
    assert_eq!(response.status(), 406);
    assert_eq!(content_type(&response), "application/json; charset=utf-8");
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    let url = format!("{}/graphql?query=%7B__typename%7D", server.url());
    for (accept, status) in [("text/html, */*;q=0.1", 200), ("image/*", 406), (GRAPHQL, 200)] {
        let response = server.client().get(&url).header("accept", accept).send().await.unwrap();
        assert_eq!(response.status(), status, "{accept}");
    }
}

#[tokio::test]
async fn a_partial_success_has_a_phrase_for_people() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (_database, server) = on_sqlite(&[]).await;
    let mut stream = server.connect().await;
    let request = format!(
        "GET /graphql?query=%7Btodos%7BtotalCount%7D%7D HTTP/1.1\r\nHost: x\r\nAccept: {GRAPHQL}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 294 Partial Success\r\n"), "{answer}");
}

#[tokio::test]
async fn a_body_that_is_encoded_is_refused() {
    let (_database, server) = on_sqlite(&[]).await;
    for coding in ["gzip", "br", "deflate", "x-unknown", "gzip, identity"] {
        let response = server.post_raw(&[JSON, ("content-encoding", coding)], r#"{"query": "{ __typename }"}"#).await;
        assert_eq!(response.status(), 415, "{coding}");
        assert_eq!(response.headers()["accept-encoding"], "identity");
    }
    let response = server.post_raw(&[JSON, ("content-encoding", "identity")], r#"{"query": "{ __typename }"}"#).await;
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn other_methods_are_told_which_there_are() {
    let (_database, server) = on_sqlite(&[]).await;
    for method in ["PUT", "PATCH", "DELETE", "OPTIONS"] {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let response = server.client().request(method, format!("{}/graphql", server.url())).send().await.unwrap();
        assert_eq!(response.status(), 405);
        assert_eq!(response.headers()["allow"], "GET, HEAD, POST");
        assert!(response.json::<Value>().await.unwrap()["errors"][0]["message"].is_string());
    }
    let response = get(&server, &[("query", "mutation { signOut { user { id } } }")]).await;
    assert_eq!((response.status().as_u16(), &response.headers()["allow"]), (405, &"POST".parse().unwrap()));
    let head = server.client().head(format!("{}/graphql?query=%7B__typename%7D", server.url())).send().await.unwrap();
    assert_eq!((head.status().as_u16(), head.text().await.unwrap().as_str()), (200, ""));
}
