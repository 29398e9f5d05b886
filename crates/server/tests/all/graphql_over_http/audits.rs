//! The audits of servers of the package graphql-http (`src/audits/server.ts`), by their names there.

use serde_json::{Value, json};
use tidewater_testkit::Server;

use super::{JSON, get};
use crate::fixture::on_sqlite;

const GRAPHQL: &str = "application/graphql-response+json";
const TYPENAME: &str = "{ __typename }";

/// What an audit looks at.
struct Seen {
    status: u16,
    content_type: String,
    body: Value,
}

impl Seen {
    fn is_whole(&self) -> bool {
        self.status == 200 && self.body.get("errors").is_none()
    }
}

async fn post(server: &Server, accept: Option<&str>, body: impl ToString) -> Seen {
    let headers: Vec<_> = [JSON].into_iter().chain(accept.map(|accept| ("accept", accept))).collect();
    seen(server.post_raw(&headers, body.to_string()).await).await
}

async fn seen(response: reqwest::Response) -> Seen {
    let content_type = response.headers()["content-type"].to_str().unwrap().to_owned();
    Seen { status: response.status().as_u16(), content_type, body: response.json().await.unwrap() }
}

#[tokio::test]
async fn they_are_passed_where_the_draft_does_not_say_otherwise() {
    let (_database, server) = on_sqlite(&[]).await;
    let server = &server;
    let query = json!({ "query": TYPENAME });
    let mut passed = Vec::new();
    let mut audit = |name: &str, is_passed: bool| passed.push((name.to_owned(), is_passed));

    let (json, graphql) = (Some("application/json"), Some(GRAPHQL));
    let told = post(server, graphql, &query).await;
    audit("22EB", told.status == 200 && told.content_type.contains(GRAPHQL));
    for (name, accept) in [("4655", json), ("47DE", Some("*/*")), ("80D8", None)] {
        let told = post(server, accept, &query).await;
        audit(name, told.status == 200 && told.content_type.contains("application/json"));
    }
    for name in ["82A3", "78D5", "2C94", "03D4"] {
        // A body that is not in UTF-8 would be no JSON.
        audit(name, post(server, None, &query).await.status == 200);
    }
    let swimming = json!({ "query": "{ __type(name: \"Run🏃Swim🏊\") { name } }" }).to_string();
    let headers = [("content-type", "application/json; charset=utf-8")];
    audit("BF61", server.post_raw(&headers, swimming).await.status() == 200);
    audit("5A70", get(server, &[("query", TYPENAME)]).await.status() == 200);
    let url = format!("{}/graphql?query=mutation%7B__typename%7D", server.url());
    let mutated = server.client().get(url).header("accept", GRAPHQL).send().await.unwrap();
    audit("9C48", mutated.status().is_client_error());
    let untyped = server.post_raw(&[("content-type", "text/plain;charset=UTF-8")], query.to_string()).await;
    audit("9ABE", untyped.status().is_client_error());
    audit("A5BF", post(server, None, "").await.status == 400);
    audit("423L", post(server, graphql, json!({ "notquery": TYPENAME })).await.status == 400);
    let strange = [json!({ "obj": "ect" }), json!(0), json!(false), json!(["array"])];
    for (index, value) in strange.iter().enumerate() {
        audit(&format!("LKJ{index}"), post(server, None, json!({ "query": value })).await.status == 400);
        let named = json!({ "query": TYPENAME, "operationName": value });
        audit(&format!("6C0{index}"), post(server, None, named).await.status == 400);
    }
    let strange = [json!("string"), json!(0), json!(false), json!(["array"])];
    for (index, value) in strange.iter().enumerate() {
        let with = |name: &str| json!({ "query": TYPENAME, name: value });
        audit(&format!("476{index}"), post(server, None, with("variables")).await.status == 400);
        audit(&format!("58B{index}"), post(server, None, with("extensions")).await.status == 400);
    }
    let typed = "query Type($name: String!) { __type(name: $name) { name } }";
    let variables = json!({ "name": "sometype" });
    for (accept, names) in [
        (graphql, ["34A2", "8161", "2EA1", "428F", "94B0", "94B1", "94B2", "D6D5"]),
        (json, ["13EE", "B8B3", "28B9", "1B7A", "0220", "0221", "0222", "6A70"]),
    ] {
        let requests = [
            query.clone(),
            json!({ "query": "query Query { __typename }", "operationName": "Query" }),
            json!({ "query": typed, "variables": variables }),
            json!({ "query": TYPENAME, "extensions": { "some": "value" } }),
            json!({ "query": TYPENAME, "variables": null }),
            json!({ "query": TYPENAME, "operationName": null }),
            json!({ "query": TYPENAME, "extensions": null }),
        ];
        for (name, request) in names.iter().zip(requests) {
            audit(name, post(server, accept, request).await.is_whole());
        }
        let mut url = reqwest::Url::parse(&format!("{}/graphql", server.url())).unwrap();
        url.query_pairs_mut().extend_pairs([("query", typed), ("variables", &variables.to_string())]);
        let got = server.client().get(url).header("accept", accept.unwrap()).send().await.unwrap();
        audit(names[7], seen(got).await.is_whole());
    }
    for (name, accept) in [("B6DC", json), ("BCF8", json), ("B7N8", graphql)] {
        audit(name, post(server, accept, "{ \"not a JSON").await.status == 400);
    }
    for name in ["8764", "3E3A"] {
        audit(name, post(server, None, json!({ "qeury": TYPENAME })).await.status == 400);
    }
    let unparsed = json!({ "query": "{" });
    let invalid = json!({ "query": "{ 8f31403dfe404bccbb0e835f2629c6a7 }" });
    let unknown = json!({ "query": "{ f31403dfe404bccbb0e835f2629c6a7 }" });
    let coerced = json!({ "query": "query CoerceFailure($id: ID!){ __typename }", "variables": { "id": null } });
    for (name, request) in [("572B", &unparsed), ("FDE2", &invalid), ("7B9B", &coerced)] {
        audit(name, post(server, json, request).await.status == 200);
    }
    for (names, request) in [
        (["865D", "556A", "D586"], &unparsed),
        // This name begins with a digit, so the document cannot be parsed.
        (["51FE", "74FF", "5E5B"], &invalid),
        (["51FE as meant", "74FF as meant", "5E5B as meant"], &unknown),
        (["", "86EE", ""], &coerced),
    ] {
        let told = post(server, graphql, request).await;
        let results = [(400..600).contains(&told.status), told.status == 400, told.body.get("data").is_none()];
        for (name, is_passed) in names.into_iter().zip(results).filter(|(name, _)| !name.is_empty()) {
            audit(name, is_passed);
        }
    }

    // The draft has another status for these since 2025: 422.
    let failed: Vec<_> = passed.iter().filter(|(_, is_passed)| !is_passed).map(|(name, _)| name.as_str()).collect();
    assert_eq!(failed, ["423L", "74FF as meant", "86EE"]);
    assert_eq!(passed.len(), 64);
}
