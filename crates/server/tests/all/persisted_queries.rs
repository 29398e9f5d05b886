//! Automatic persisted queries: the protocol, what servers share, and what becomes of it when Redis is anything but well.

use reqwest::{Method, Url};
use serde_json::{Value, json};
use tidewater_persisted::{LARGEST, TextHash};
use tidewater_testkit::{Answer, Backend, Server, TestDatabase, TestRedis, on_each_backend};

use crate::fixture::{binary, credentials, on_sqlite, seeded, sign_in, start_over};

const NOTES: &str = "{ notes { nodes { title } } }";
const SIGN_IN: &str = "mutation($input: SignInInput!) { signIn(input: $input) { token } }";
const GRAPHQL: (&str, &str) = ("accept", "application/graphql-response+json");

/// How a request names this text.
fn name(text: &str) -> Value {
    json!({ "persistedQuery": { "version": 1, "sha256Hash": TextHash::of(text).to_string() } })
}

/// Names a text.
async fn by_name(server: &Server, text: &str) -> Answer {
    server.ask(&[], &json!({ "extensions": name(text) })).await
}

/// Names a text and sends it along.
async fn with_text(server: &Server, text: &str) -> Answer {
    server.ask(&[], &json!({ "query": text, "extensions": name(text) })).await
}

fn is_found(answer: &Answer) -> bool {
    let code = &answer.body["errors"][0]["extensions"]["code"];
    assert!(answer.body["data"].is_object() || code == "PERSISTED_QUERY_NOT_FOUND", "{}", answer.body);
    answer.body["data"].is_object()
}

fn is_remembered(answer: &Answer) -> bool {
    answer.headers.get("cache-status").is_some_and(|status| status == "Tidewater; hit; detail=\"response\"")
}

/// Status, message and code.
fn refusal(answer: &Answer) -> (u16, &str, &str) {
    assert!(answer.body.get("data").is_none(), "{}", answer.body);
    let error = &answer.body["errors"][0];
    (answer.status.as_u16(), error["message"].as_str().unwrap(), error["extensions"]["code"].as_str().unwrap())
}

async fn get(server: &Server, parameters: &[(&str, &str)]) -> (u16, Value) {
    let mut url = Url::parse(&format!("{}/graphql", server.url())).unwrap();
    url.query_pairs_mut().extend_pairs(parameters);
    let response = server.client().request(Method::GET, url).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn a_text_is_sent_once_and_named_from_then_on() {
    let (_database, server) = on_sqlite(&[]).await;
    let named = json!({ "extensions": name(NOTES) });
    const NOT_FOUND: (&str, &str) = ("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND");
    for (headers, status) in [(&[][..], 200), (&[GRAPHQL][..], 422)] {
        let answer = server.ask(headers, &named).await;
        assert_eq!(refusal(&answer), (status, NOT_FOUND.0, NOT_FOUND.1));
        assert_eq!(answer.headers["cache-control"], "no-store");
    }
    let extensions = name(NOTES).to_string();
    assert_eq!(get(&server, &[("extensions", &extensions)]).await.1["errors"][0]["message"], NOT_FOUND.0);

    let sent = with_text(&server, NOTES).await;
    assert_eq!(sent.body["data"], server.graphql(NOTES, Value::Null).await["data"]);
    for headers in [&[][..], &[GRAPHQL][..]] {
        let answer = server.ask(headers, &named).await;
        assert_eq!((answer.status.as_u16(), &answer.body["data"]), (200, &sent.body["data"]));
    }
    let (status, answer) = get(&server, &[("extensions", &extensions)]).await;
    assert_eq!((status, &answer["data"]), (200, &sent.body["data"]));

    // What comes by GET is known by POST.
    let other = "query A { __typename } query B($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    let extensions = name(other).to_string();
    let parameters =
        [("query", other), ("operationName", "B"), ("variables", r#"{"ids": []}"#), ("extensions", &extensions)];
    let (_, answer) = get(&server, &parameters).await;
    assert_eq!(answer["data"], json!({ "nodes": [] }));
    let request = json!({ "operationName": "B", "variables": { "ids": [] }, "extensions": name(other) });
    assert_eq!(server.ask(&[], &request).await.body["data"], json!({ "nodes": [] }));
}

#[tokio::test]
async fn what_is_not_of_the_protocol_is_told() {
    let (_database, server) = on_sqlite(&[]).await;
    let hash = TextHash::of(NOTES).to_string();
    let upper = hash.to_uppercase();
    let versions = [json!({ "version": 2, "sha256Hash": hash }), json!({ "sha256Hash": hash }), json!(true)];
    for named in versions {
        for query in [Some(NOTES), None] {
            let request = json!({ "query": query, "extensions": { "persistedQuery": named } });
            let answer = server.ask(&[GRAPHQL], &request).await;
            assert_eq!(refusal(&answer), (400, "Unsupported persisted query version", "BAD_USER_INPUT"));
        }
    }
    for hash in
        [json!(TextHash::of("{ viewer { name } }").to_string()), json!(upper), json!("x"), json!(7), Value::Null]
    {
        let named = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
        let answer = server.ask(&[GRAPHQL], &json!({ "query": NOTES, "extensions": named })).await;
        assert_eq!(refusal(&answer), (400, "provided sha does not match query", "BAD_USER_INPUT"));
        assert!(!is_found(&server.ask(&[], &json!({ "extensions": named })).await));
    }
    assert!(!is_found(&by_name(&server, NOTES).await), "nothing was kept of it");
    let ordinary = server.ask(&[GRAPHQL], &json!({ "query": NOTES, "extensions": { "persistedQuery": null } })).await;
    assert_eq!(ordinary.status, 200);
    let missing = server.ask(&[GRAPHQL], &json!({ "extensions": { "persistedQuery": null } })).await;
    assert_eq!(refusal(&missing), (422, "`query` is missing", "BAD_USER_INPUT"));
}

#[tokio::test]
async fn without_memory_for_them_there_are_none() {
    let (_database, server) = on_sqlite(&["--persisted-query-memory", "0"]).await;
    for answer in [by_name(&server, NOTES).await, with_text(&server, NOTES).await] {
        assert_eq!(refusal(&answer), (200, "PersistedQueryNotSupported", "PERSISTED_QUERY_NOT_SUPPORTED"));
    }
    assert!(server.graphql(NOTES, Value::Null).await["data"].is_object());
}

#[tokio::test]
async fn a_mutation_is_named_by_post_only() {
    let (_database, server) = on_sqlite(&[]).await;
    let (extensions, variables) = (name(SIGN_IN), credentials(2));
    let request = json!({ "query": SIGN_IN, "variables": variables, "extensions": extensions });
    assert!(is_found(&server.ask(&[], &request).await));
    let named = json!({ "variables": variables, "extensions": extensions });
    assert!(server.ask(&[], &named).await.body["data"]["signIn"]["token"].is_string());
    let parameters = [("variables", variables.to_string()), ("extensions", extensions.to_string())];
    let (status, _) = get(&server, &parameters.each_ref().map(|(name, value)| (*name, value.as_str()))).await;
    assert_eq!(status, 405);
    // Nor does GET make one known.
    let other = SIGN_IN.replace("token", "user { name }");
    let (status, _) = get(&server, &[("query", &other), ("extensions", &name(&other).to_string())]).await;
    assert_eq!(status, 405);
    assert!(!is_found(&by_name(&server, &other).await));
}

#[tokio::test]
async fn a_mutation_that_is_sent_again_is_the_same_by_name_and_by_text() {
    let (_database, server) = on_sqlite(&[]).await;
    let bearer = format!("Bearer {}", sign_in(&server, 2).await);
    let text = "mutation($text: String!) { createTodo(input: { text: $text }) { todo { id } } }";
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "k")];
    let variables = json!({ "text": "milk" });
    let named = json!({ "variables": variables, "extensions": name(text) });
    assert!(!is_found(&server.ask(&headers, &named).await));
    let first = server.ask(&headers, &json!({ "query": text, "variables": variables, "extensions": name(text) })).await;
    let again = server.ask(&headers, &named).await;
    assert_eq!(again.body["data"], first.body["data"]);
    assert_eq!(again.headers["idempotency-replayed"], "true");
    let other = json!({ "variables": { "text": "bread" }, "extensions": name(text) });
    assert_eq!(refusal_code(&server.ask(&headers, &other).await), "CONFLICT");
}

fn refusal_code(answer: &Answer) -> &str {
    answer.body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn each_request_of_an_array_may_name_its_document() {
    let (_database, server) = on_sqlite(&["--max-batch", "4"]).await;
    let named = json!({ "extensions": name(NOTES) });
    let sent = json!({ "query": NOTES, "extensions": name(NOTES) });
    let body = json!([named, sent, named, { "query": "{ __typename }" }]).to_string();
    let answers: Vec<Value> =
        server.post_raw(&[("content-type", "application/json")], body).await.json().await.unwrap();
    assert_eq!(answers[0]["errors"][0]["message"], "PersistedQueryNotFound");
    assert!(answers[1]["data"]["notes"].is_object());
    assert_eq!(answers[2]["data"], answers[1]["data"]);
    assert_eq!(answers[3]["data"]["__typename"], "Query");
}

on_each_backend! {
    async fn what_a_name_was_answered_is_remembered_while_it_holds(backend) {
        let database = seeded(backend).await;
        let server = start_over(&database, None).await;
        let sent = with_text(&server, NOTES).await;
        assert_eq!(by_name(&server, NOTES).await.body["data"], sent.body["data"]);
        let again = by_name(&server, NOTES).await;
        assert!(is_remembered(&again), "{:?}", again.headers);
        assert_eq!(again.body["data"], sent.body["data"]);
        // Another name is another request.
        let other = "{ notes { totalCount } }";
        assert!(!is_found(&by_name(&server, other).await));
        with_text(&server, other).await;
        assert!(by_name(&server, other).await.body["data"]["notes"]["totalCount"].is_number());

        database.sql("UPDATE note SET title = 'changed' WHERE visibility = 'PUBLIC'").await;
        let changed = by_name(&server, NOTES).await;
        assert!(!is_remembered(&changed) && changed.body["data"].to_string().contains("changed"), "{}", changed.body);
        assert!(is_remembered(&by_name(&server, NOTES).await));
        // Whoever sends a text wants it to be known, each time.
        for _ in 0..2 {
            assert!(!is_remembered(&with_text(&server, NOTES).await));
        }
    }
}

/// Two servers over one Redis.
struct Pair {
    database: TestDatabase,
    redis: TestRedis,
    servers: [Server; 2],
}

impl Pair {
    async fn new() -> Self {
        let database = seeded(Backend::Postgres).await;
        let redis = TestRedis::start_own().await;
        let servers = [start_over(&database, Some(&redis)).await, start_over(&database, Some(&redis)).await];
        Self { database, redis, servers }
    }

    fn key(&self, text: &str) -> String {
        format!("{}{{documents}}:{}", self.redis.prefix(), TextHash::of(text))
    }
}

#[tokio::test]
async fn servers_over_one_redis_know_what_one_was_told() {
    let pair = Pair::new().await;
    let [one, other] = &pair.servers;
    with_text(one, NOTES).await;
    assert!(is_found(&by_name(other, NOTES).await));
    let left = pair.redis.command(&["PTTL", &pair.key(NOTES)]).await.as_i64().unwrap();
    assert!((1..=24 * 60 * 60 * 1_000).contains(&left), "{left}");

    // It is used, so it is kept.
    pair.redis.command(&["PEXPIRE", &pair.key(NOTES), "3600000"]).await;
    let third = start_over(&pair.database, Some(&pair.redis)).await;
    assert!(is_found(&by_name(&third, NOTES).await));
    let left = pair.redis.command(&["PTTL", &pair.key(NOTES)]).await.as_i64().unwrap();
    assert!(left > 3_600_000, "{left}");
}

#[tokio::test]
async fn an_emptied_redis_is_told_again_by_the_same_request() {
    let pair = Pair::new().await;
    let [one, other] = &pair.servers;
    // Twice, so that nothing but the protocol keeps the second from being answered from memory.
    with_text(one, NOTES).await;
    with_text(one, NOTES).await;
    pair.redis.flush_all().await;
    assert!(is_found(&by_name(one, NOTES).await), "memory has it");
    assert!(!is_found(&by_name(other, NOTES).await));
    with_text(one, NOTES).await;
    assert!(is_found(&by_name(other, NOTES).await));
}

#[tokio::test]
async fn without_its_redis_each_server_knows_what_it_was_told() {
    let mut pair = Pair::new().await;
    let later = "{ notes { totalCount } }";
    with_text(&pair.servers[0], NOTES).await;
    for fault in [TestRedis::pause, TestRedis::resume] {
        fault(&mut pair.redis);
        let [one, other] = &pair.servers;
        assert!(is_found(&by_name(one, NOTES).await));
        // Not found, or found where Redis is back: never anything else.
        is_found(&by_name(other, NOTES).await);
        assert!(is_found(&with_text(other, NOTES).await) && is_found(&by_name(other, NOTES).await));
    }
    pair.redis.stop().await;
    let [one, other] = &pair.servers;
    assert!(is_found(&by_name(one, NOTES).await) && !is_found(&by_name(one, later).await));
    assert!(is_found(&with_text(other, later).await) && is_found(&by_name(other, later).await));
    assert!(!is_found(&by_name(one, later).await));
    pair.redis.start_again().await;
    crate::fixture::eventually("Redis is used again", async || {
        let [one, other] = &pair.servers;
        with_text(other, later).await;
        is_found(&by_name(one, later).await)
    })
    .await;
}

#[tokio::test]
async fn nothing_in_redis_lets_another_text_be_executed() {
    let pair = Pair::new().await;
    let [one, other] = &pair.servers;
    let key = pair.key(NOTES);
    let huge = " ".repeat(LARGEST * 4);
    let poisons: [&[&str]; 6] = [
        &["SET", &key, "{ notes { totalCount } }"],
        &["SET", &key, "mutation { signOut { user { name } } }"],
        &["SET", &key, "\u{0}{{{"],
        &["SET", &key, &huge],
        &["APPEND", &key, NOTES],
        &["LPUSH", &key, NOTES],
    ];
    for poison in poisons {
        pair.redis.command(&["DEL", &key]).await;
        if poison[0] == "APPEND" {
            pair.redis.command(&["SET", &key, " "]).await;
        }
        pair.redis.command(poison).await;
        assert!(!is_found(&by_name(other, NOTES).await), "{:?}", &poison[..1]);
    }
    // It is overwritten by what is right.
    let sent = with_text(one, NOTES).await;
    assert_eq!(by_name(other, NOTES).await.body["data"], sent.body["data"]);
}

#[tokio::test]
async fn only_documents_within_the_limits_are_kept() {
    let pair = Pair::new().await;
    let [one, _] = &pair.servers;
    let deep = format!("{}id{}", "{ a ".repeat(40), " }".repeat(41));
    let tokens = format!("{{ {} }}", "__typename ".repeat(20_001));
    let huge = format!("{{ __typename }}{}", " ".repeat(LARGEST));
    for text in ["rubbish", "{", deep.as_str(), tokens.as_str()] {
        assert_eq!(refusal_code(&with_text(one, text).await), "BAD_USER_INPUT");
        assert!(!is_found(&by_name(one, text).await));
    }
    assert!(is_found(&with_text(one, &huge).await), "it is answered");
    assert!(!is_found(&by_name(one, &huge).await), "but not kept");
    let documents = format!("{}{{documents}}", pair.redis.prefix());
    assert!(!pair.redis.keys().await.iter().any(|key| key.starts_with(&documents)), "nothing is in Redis");
    with_text(one, NOTES).await;
    assert!(pair.redis.keys().await.contains(&pair.key(NOTES)));
}

#[tokio::test]
async fn memory_for_texts_is_bounded() {
    let database = seeded(Backend::Sqlite).await;
    let environment = [("DATABASE_URL", database.url()), ("TIDEWATER_PERSISTED_QUERY_MEMORY", "20KiB")];
    let server = Server::start(binary(), &["serve"], &environment).await;
    let text = |number: usize| format!("{{ __typename }} # {number:1000}");
    for number in 0..300 {
        with_text(&server, &text(number)).await;
    }
    let mut found = 0;
    for number in 0..300 {
        found += usize::from(is_found(&by_name(&server, &text(number)).await));
    }
    assert!(found < 150, "{found}");
}
