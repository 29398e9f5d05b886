//! What is logged can be changed while the server runs, by an ADMIN.

use serde_json::{Value, json};
use tidewater_testkit::Server;

use crate::fixture::{on_sqlite, sign_in};

const SET: &str = "mutation($input: SetLogLevelInput!) { setLogLevel(input: $input) { directives } }";
const ASK: &str = "{ tide { logDirectives } }";

async fn set(server: &Server, token: &str, directives: &str) -> Value {
    server.graphql_as(token, SET, json!({ "input": { "directives": directives } })).await
}

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("{answer}"))
}

/// Asks with that id.
async fn ping(server: &Server, id: &str) {
    server.ask(&[("x-request-id", id)], &json!({ "query": "{ __typename }" })).await;
}

#[tokio::test]
async fn an_admin_changes_what_is_logged_and_that_is_logged() {
    let (_database, server) = on_sqlite(&[]).await;
    let token = sign_in(&server, 1).await;
    assert_eq!(server.graphql_as(&token, ASK, Value::Null).await["data"]["tide"]["logDirectives"], "info");
    ping(&server, "at-info").await;
    server.logged("at-info").await;

    let changed = set(&server, &token, "warn,tidewater_cache=debug").await;
    assert_eq!(changed["data"]["setLogLevel"]["directives"], "warn,tidewater_cache=debug", "{changed}");
    assert_eq!(
        server.graphql_as(&token, ASK, Value::Null).await["data"]["tide"]["logDirectives"],
        "warn,tidewater_cache=debug"
    );
    let line = server.logged("what is logged is changed").await;
    assert!(line.contains("user_") && line.contains("warn,tidewater_cache=debug"), "{line}");
    ping(&server, "at-warn").await;

    set(&server, &token, "off").await;
    set(&server, &token, "debug").await;
    server.client().get(format!("{}/health/live", server.url())).header("x-request-id", "probe").send().await.unwrap();
    // A probe is logged at level debug.
    server.logged("probe").await;
    let log = server.log();
    assert!(!log.contains("at-warn"), "{log}");
    let changes: Vec<_> = log.lines().filter(|line| line.contains("what is logged is changed")).collect();
    assert_eq!(changes.len(), 3, "{changes:?}");
}

#[tokio::test]
async fn rubbish_is_refused_and_changes_nothing() {
    let (_database, server) = on_sqlite(&[]).await;
    let token = sign_in(&server, 1).await;
    for rubbish in ["", "loud", "info,loud", "sqlx=loud", "info\n", &"a=info,".repeat(500)] {
        let answer = set(&server, &token, rubbish).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT", "{rubbish}: {answer}");
        assert_eq!(answer["errors"][0]["extensions"]["field"], "directives");
    }
    assert_eq!(server.graphql_as(&token, ASK, Value::Null).await["data"]["tide"]["logDirectives"], "info");
    assert!(!server.log().contains("what is logged is changed"));
}

#[tokio::test]
async fn nobody_else_may_change_or_see_it() {
    let (_database, server) = on_sqlite(&[]).await;
    let token = sign_in(&server, 2).await;
    assert_eq!(code(&set(&server, &token, "trace").await), "FORBIDDEN");
    assert_eq!(code(&server.graphql(SET, json!({ "input": { "directives": "trace" } })).await), "UNAUTHENTICATED");
    assert_eq!(code(&server.graphql_as(&token, ASK, Value::Null).await), "FORBIDDEN");
    let admin = sign_in(&server, 1).await;
    assert_eq!(server.graphql_as(&admin, ASK, Value::Null).await["data"]["tide"]["logDirectives"], "info");
}
