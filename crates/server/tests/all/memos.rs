//! What an ADMIN is told of what the caches keep of rows, and of what documents say.

use serde_json::{Value, json};
use tidewater_testkit::{Backend, Server, TestDatabase, TestRedis, on_each_backend};

use crate::fixture::{eventually, on_sqlite, seeded, sign_in, start_over};

const MEMOS: &str = "query($ids: [ID!]!) { tide { memos(ids: $ids) { nodeId memory { ...Tier } redis { ...Tier }
    lastChange { operation columns writer } } } }
    fragment Tier on TierMemo { state missed ageSeconds remainingSeconds }";

/// A server with an administrator, and one of the todos.
struct World {
    database: TestDatabase,
    redis: Option<TestRedis>,
    server: Server,
    token: String,
    todo: String,
}

impl World {
    async fn new(backend: Backend) -> Self {
        let (database, redis) = (seeded(backend).await, backend.redis().await);
        let server = start_over(&database, redis.as_ref()).await;
        let token = sign_in(&server, 1).await;
        let answer = server.graphql_as(&token, "{ todos(first: 1) { nodes { id } } }", Value::Null).await;
        let todo = answer["data"]["todos"]["nodes"][0]["id"].as_str().unwrap().to_owned();
        Self { database, redis, server, token, todo }
    }

    async fn ask(&self, query: &str, variables: Value) -> Value {
        let answer = self.server.graphql_as(&self.token, query, variables).await;
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"].clone()
    }

    /// What is kept of the todo.
    async fn memo(&self) -> Value {
        self.ask(MEMOS, json!({ "ids": [self.todo] })).await["tide"]["memos"][0].clone()
    }

    async fn read(&self) {
        self.ask("query($id: ID!) { todo(id: $id) { text } }", json!({ "id": self.todo })).await;
    }

    /// What was counted of the rows of todos.
    async fn counted(&self) -> Value {
        let query =
            "{ tide { spaces { name memoryHits redisHits joined fills invalidations misses { reason count } } } }";
        let told = self.ask(query, Value::Null).await;
        let spaces = told["tide"]["spaces"].as_array().unwrap();
        spaces.iter().find(|space| space["name"] == "todo").unwrap().clone()
    }
}

on_each_backend! {
    async fn what_is_kept_of_a_row_is_told_as_it_is(backend) {
        let world = World::new(backend).await;
        let memo = world.memo().await;
        assert_eq!((&memo["nodeId"], &memo["memory"]["state"]), (&json!(world.todo), &json!("VALID")), "{memo}");
        let seconds = |name: &str| memo["memory"][name].as_f64().unwrap();
        assert!(seconds("ageSeconds") < 60.0 && seconds("remainingSeconds") > 60.0, "{memo}");
        match &world.redis {
            Some(_) => eventually("it is in Redis", async || world.memo().await["redis"]["state"] == "VALID").await,
            None => assert_eq!(memo["redis"], Value::Null),
        }

        world.database.sql("UPDATE todo SET text = 'from outside'").await;
        let memo = world.memo().await;
        assert_eq!((&memo["memory"]["state"], &memo["memory"]["missed"]), (&json!("MISSED"), &json!("CHANGED")), "{memo}");
        assert_eq!(memo["memory"]["ageSeconds"], Value::Null);
        let writer = if matches!(backend, Backend::Sqlite) { "UNKNOWN" } else { "OUTSIDE" };
        assert_eq!(memo["lastChange"], json!({ "operation": "UPDATE", "columns": ["text"], "writer": writer }));

        world.read().await;
        assert_eq!(world.memo().await["memory"]["state"], "VALID");
        world.ask("mutation($id: ID!) { dropMemo(input: { id: $id }) { wasKept } }", json!({ "id": world.todo })).await;
        assert_eq!(world.memo().await["memory"]["missed"], "DROPPED");
    }

    async fn asking_is_no_reading(backend) {
        let world = World::new(backend).await;
        world.database.sql("UPDATE todo SET text = 'from outside'").await;
        let absent = tidewater_graphql::id::encode("todo", "00000000-0000-7000-8000-000000000077".parse().unwrap()).0;
        let before = world.counted().await;
        for _ in 0..3 {
            let told = world.ask(MEMOS, json!({ "ids": [world.todo, absent] })).await;
            let missed = |index: usize| told["tide"]["memos"][index]["memory"]["missed"].clone();
            assert_eq!((missed(0), missed(1)), (json!("CHANGED"), json!("NEVER_FILLED")), "{told}");
        }
        assert_eq!(world.counted().await, before);
    }
}

#[tokio::test]
async fn a_change_of_the_whole_table_is_the_last_change_of_each_row() {
    let world = World::new(Backend::Postgres).await;
    world.database.sql("TRUNCATE todo CASCADE").await;
    let memo = world.memo().await;
    assert_eq!(memo["lastChange"], json!({ "operation": "TABLE", "columns": null, "writer": "OUTSIDE" }), "{memo}");
}

#[tokio::test]
async fn rows_of_several_kinds_are_asked_for_at_once_within_bounds() {
    let world = World::new(Backend::Sqlite).await;
    let viewer = world.ask("{ viewer { id } }", Value::Null).await["viewer"]["id"].clone();
    let ids = json!([viewer, world.todo, viewer]);
    let told = world.ask(MEMOS, json!({ "ids": ids })).await;
    let memos = told["tide"]["memos"].as_array().unwrap();
    assert_eq!(memos.iter().map(|memo| &memo["nodeId"]).collect::<Vec<_>>(), [&viewer, &json!(world.todo), &viewer]);
    assert!(memos.iter().all(|memo| memo["memory"]["state"] == "VALID"), "{told}");
    for ids in [vec![world.todo.as_str(); 101], vec!["rubbish"], vec!["nothing_01h455vb4pex5vsknk084sn02q"]] {
        let refused = world.server.graphql_as(&world.token, MEMOS, json!({ "ids": ids })).await;
        let extensions = &refused["errors"][0]["extensions"];
        assert_eq!((&extensions["code"], &extensions["field"]), (&json!("BAD_USER_INPUT"), &json!("ids")), "{refused}");
    }
}

#[tokio::test]
async fn a_document_is_told_without_what_may_be_private_in_it() {
    let (_database, server) = on_sqlite(&[]).await;
    let secret =
        "query Secretive { viewer { todos(filter: { text: \"my secret\" }) { totalCount } } } # and my comment";
    let token = sign_in(&server, 1).await;
    server.graphql_as(&token, secret, Value::Null).await;
    let told = server.graphql_as(&token, "{ tide { operations { name document } } }", Value::Null).await;
    let operations = told["data"]["tide"]["operations"].as_array().unwrap();
    let operation = operations.iter().find(|operation| operation["name"] == "Secretive").unwrap();
    let text = async |document: &Value| {
        let query = "query($document: String!) { tide { documentText(document: $document) } }";
        let answer = server.graphql_as(&token, query, json!({ "document": document })).await;
        answer["data"]["tide"]["documentText"].clone()
    };
    let kept = "query Secretive { viewer { todos(filter: { text: \"\" }) { totalCount } } } ";
    assert_eq!(text(&operation["document"]).await, kept);
    assert_eq!(text(&json!("0123")).await, Value::Null);
}
