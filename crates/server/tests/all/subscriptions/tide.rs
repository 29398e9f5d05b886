//! What an ADMIN is told of what the server does, and what an ADMIN may do to it.

use std::time::Duration;

use serde_json::{Value, json};
use tidewater_testkit::{Backend, Server, TestDatabase, on_each_backend};

use super::socket::Socket;
use super::world::create_todo;
use crate::fixture::{binary, seeded, sign_in, start_over};

const FOLLOW: &str = "subscription { tideChanged { table operation row columns dependencies writer transaction seenAt position server } }";

/// Subscribes to all changes, and returns when that has begun: nothing says so, so one row is changed until it is told of.
async fn follow(socket: &mut Socket, database: &TestDatabase) {
    socket.subscribe("1", FOLLOW, Value::Null).await;
    let mut round = 0;
    while socket.next_within(Duration::from_millis(500)).await.is_none() {
        round += 1;
        database.sql(&format!("UPDATE note SET title = 'probe {round}'")).await;
    }
}

/// The next change of the table.
async fn change_of(socket: &mut Socket, table: &str) -> Value {
    loop {
        let told = socket.result("1").await["data"]["tideChanged"].clone();
        if told["table"] == table {
            return told;
        }
    }
}

async fn tide(server: &Server, token: &str, selection: &str) -> Value {
    let answer = server.graphql_as(token, &format!("{{ tide {{ {selection} }} }}"), Value::Null).await;
    assert!(answer.get("errors").is_none(), "{answer}");
    answer["data"]["tide"].clone()
}

/// The counts of a space.
async fn space(server: &Server, token: &str, name: &str) -> Value {
    let told = tide(server, token, "spaces { name memoryHits fills misses { reason count } }").await;
    let spaces = told["spaces"].as_array().unwrap();
    spaces.iter().find(|space| space["name"] == name).cloned().unwrap_or_default()
}

on_each_backend! {
    async fn changes_are_told_as_they_happen_whoever_makes_them(backend) {
        let (database, redis) = (seeded(backend).await, backend.redis().await);
        let (server, other) = (start_over(&database, redis.as_ref()).await, start_over(&database, redis.as_ref()).await);
        let token = sign_in(&server, 1).await;
        let mut socket = Socket::connect(&server, Some(&token)).await;
        follow(&mut socket, &database).await;
        let is_postgres = !matches!(backend, Backend::Sqlite);
        // On SQLite, nobody says who they are; the server knows what it did itself.
        let writer = |writer: &str| json!(if is_postgres || writer == "THIS_SERVER" { writer } else { "UNKNOWN" });

        let id = create_todo(&server, &token, "mine").await;
        let told = change_of(&mut socket, "todo").await;
        let row = format!("todo(id={id})");
        assert_eq!((&told["operation"], &told["row"], &told["columns"]), (&json!("INSERT"), &json!(row), &Value::Null));
        assert_eq!((&told["writer"], told["transaction"].is_string()), (&writer("THIS_SERVER"), is_postgres));
        let dependencies = told["dependencies"].as_array().unwrap();
        assert_eq!((&dependencies[0], &dependencies[1]), (&json!("todo"), &json!(row)));
        assert!(dependencies.iter().any(|set| set.as_str().unwrap().starts_with("todo(user_id=user_")), "{told}");

        let update = "mutation($id: ID!) { updateTodo(input: { id: $id, text: \"theirs\" }) { todo { id } } }";
        other.graphql_as(&token, update, json!({ "id": id })).await;
        let told = change_of(&mut socket, "todo").await;
        assert_eq!((&told["operation"], &told["writer"]), (&json!("UPDATE"), &writer("ANOTHER_SERVER")));
        assert!(told["columns"].as_array().unwrap().contains(&json!("text")), "{told}");
        database.sql("DELETE FROM todo WHERE text = 'theirs'").await;
        let told = change_of(&mut socket, "todo").await;
        assert_eq!((&told["operation"], &told["writer"]), (&json!("DELETE"), &writer("OUTSIDE")));
        let last = tide(&server, &token, "server changes(last: 1) { row operation position server }").await;
        assert_eq!((&last["changes"][0]["row"], &last["changes"][0]["operation"]), (&json!(row), &json!("DELETE")), "{last}");
        let place = |change: &Value| (change["position"].clone(), change["server"].clone());
        assert_eq!(place(&last["changes"][0]), place(&told));
        assert_eq!(told["server"], last["server"]);
        let by_other = tide(&other, &token, "server changes(last: 1) { row server }").await;
        assert_eq!((&by_other["changes"][0]["row"], &by_other["changes"][0]["server"]), (&json!(row), &by_other["server"]));
        assert_ne!(by_other["server"], last["server"]);
    }

    async fn what_was_served_and_missed_is_counted(backend) {
        let (database, redis) = (seeded(backend).await, backend.redis().await);
        let server = start_over(&database, redis.as_ref()).await;
        let token = sign_in(&server, 1).await;
        let id = create_todo(&server, &token, "a").await;
        let read = "query Read($id: ID!) { todo(id: $id) { text } }";
        for _ in 0..3 {
            server.graphql_as(&token, read, json!({ "id": id })).await;
        }
        database.sql("UPDATE todo SET text = 'b' WHERE text = 'a'").await;
        server.graphql_as(&token, read, json!({ "id": id })).await;
        let told = space(&server, &token, "response").await;
        assert!(told["memoryHits"].as_f64().unwrap() >= 2.0 && told["fills"].as_f64().unwrap() >= 2.0, "{told}");
        let changed = told["misses"].as_array().unwrap().iter().find(|miss| miss["reason"] == "CHANGED");
        assert_eq!(changed.unwrap()["count"], 1.0, "{told}");
        let todo = space(&server, &token, "todo").await;
        assert!(todo["misses"].as_array().unwrap().iter().any(|miss| miss["reason"] == "NEVER_FILLED"), "{todo}");

        let told = tide(&server, &token, "operations { name document count remembered cached database misses { reason } }").await;
        let operations = told["operations"].as_array().unwrap();
        let operation = operations.iter().find(|operation| operation["name"] == "Read").unwrap();
        assert_eq!((&operation["count"], &operation["remembered"]), (&json!(4.0), &json!(2.0)), "{told}");
        assert!(operation["database"].as_f64().unwrap() >= 2.0 && operation["document"].as_str().unwrap().len() == 64);
        assert!(operation["misses"].as_array().unwrap().contains(&json!({ "reason": "CHANGED" })), "{told}");
        let told = tide(&server, &token, "server polls { polls passes isFailing } redis { isReachable } memoryBytes jobs { counts { queued dead } }").await;
        assert!(told["polls"]["polls"].as_f64().unwrap() > 0.0 && told["polls"]["isFailing"] == false, "{told}");
        assert_eq!((told["redis"].is_object(), &told["jobs"]["counts"]["dead"]), (redis.is_some(), &json!(0)));
    }

    async fn what_is_told_is_of_its_own_moment(backend) {
        let (database, redis) = (seeded(backend).await, backend.redis().await);
        let server = start_over(&database, redis.as_ref()).await;
        let token = sign_in(&server, 1).await;
        let polls = async || tide(&server, &token, "polls { passes }").await["polls"]["passes"].as_f64().unwrap();
        let first = polls().await;
        assert!(polls().await > first);
    }

    async fn a_row_that_is_forgotten_costs_a_miss(backend) {
        let (database, redis) = (seeded(backend).await, backend.redis().await);
        let server = start_over(&database, redis.as_ref()).await;
        let token = sign_in(&server, 1).await;
        let id = create_todo(&server, &token, "a").await;
        for query in ["query A($id: ID!) { todo(id: $id) { text } }", "query B($id: ID!) { todo(id: $id) { text } }"] {
            server.graphql_as(&token, query, json!({ "id": id })).await;
        }
        let before = space(&server, &token, "todo").await;
        let forget = "mutation($id: ID!) { dropMemo(input: { id: $id }) { wasKept } }";
        let dropped = server.graphql_as(&token, forget, json!({ "id": id })).await;
        assert_eq!(dropped["data"]["dropMemo"]["wasKept"], true, "{dropped}");
        let query = "query C($id: ID!) { todo(id: $id) { text } }";
        let answer = server.graphql_as(&token, query, json!({ "id": id })).await;
        assert_eq!(answer["data"]["todo"]["text"], "a");
        let after = space(&server, &token, "todo").await;
        assert_eq!(before["memoryHits"], after["memoryHits"]);
    }
}

#[tokio::test]
async fn only_an_admin_is_told_or_everybody_in_development() {
    let database = seeded(Backend::Sqlite).await;
    let server = start_over(&database, None).await;
    let (user, queries) = (
        sign_in(&server, 2).await,
        [
            "{ tide { now } }",
            "mutation { dropMemo(input: { id: \"todo_01h455vb4pex5vsknk084sn02q\" }) { wasKept } }",
            "mutation { retryJobs(input: { names: [\"a\"] }) { retried } }",
        ],
    );
    for query in queries {
        let refused = server.graphql_as(&user, query, Value::Null).await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{query}: {refused}");
        let refused = server.graphql(query, Value::Null).await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{query}: {refused}");
    }
    for (token, code) in [(Some(user.as_str()), "FORBIDDEN"), (None, "UNAUTHENTICATED")] {
        let mut socket = Socket::connect(&server, token).await;
        socket.subscribe("1", FOLLOW, Value::Null).await;
        let refused = socket.next().await;
        assert_eq!((&refused["type"], &refused["payload"][0]["extensions"]["code"]), (&json!("error"), &json!(code)));
    }
    let environment = [("DATABASE_URL", database.url()), ("TIDEWATER_DEVELOPMENT", "true")];
    let open = Server::start(binary(), &["serve"], &environment).await;
    let told = open.graphql("{ tide { now } }", Value::Null).await;
    assert!(told["data"]["tide"]["now"].is_string(), "{told}");
}

#[tokio::test]
async fn whoever_is_no_admin_any_more_is_told_nothing_more() {
    let database = seeded(Backend::Sqlite).await;
    let server = start_over(&database, None).await;
    let token = sign_in(&server, 1).await;
    let mut socket = Socket::connect(&server, Some(&token)).await;
    follow(&mut socket, &database).await;
    database.sql("UPDATE \"user\" SET role = 'USER' WHERE email = 'user1@example.test'").await;
    // What was told before may still be on its way.
    while let Ok(message) = socket.receive().await {
        assert_ne!(message["payload"]["data"]["tideChanged"]["table"], "user", "{message}");
        if message["type"] == "error" {
            assert_eq!(message["payload"][0]["extensions"]["code"], "UNAUTHENTICATED");
        }
    }
}

#[tokio::test]
async fn as_much_is_told_as_is_wanted_within_bounds() {
    let database = seeded(Backend::Sqlite).await;
    let server = start_over(&database, None).await;
    let token = sign_in(&server, 1).await;
    for selection in [
        "changes(last: 0) { row }",
        "changes(last: 201) { row }",
        "operations(first: -1) { name }",
        "operations(first: 201) { name }",
        "jobs { dead(first: 201) { name } }",
    ] {
        let refused = server.graphql_as(&token, &format!("{{ tide {{ {selection} }} }}"), Value::Null).await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{selection}: {refused}");
    }
    let retry = "mutation($names: [String!]!) { retryJobs(input: { names: $names }) { retried } }";
    let retried = async |count: usize| server.graphql_as(&token, retry, json!({ "names": vec!["a"; count] })).await;
    for count in [0, 101] {
        let refused = retried(count).await;
        assert_eq!(refused["errors"][0]["extensions"]["field"], "names", "{count}: {refused}");
    }
    assert_eq!(retried(100).await["data"]["retryJobs"]["retried"], 0);
}

#[tokio::test]
async fn what_is_told_costs_as_much_as_is_asked_for() {
    let database = seeded(Backend::Sqlite).await;
    let limited = ("TIDEWATER_MAX_COMPLEXITY", "150");
    let environment = [("DATABASE_URL", database.url()), ("TIDEWATER_DEVELOPMENT", "true"), limited];
    let server = Server::start(binary(), &["serve"], &environment).await;
    let memos = |count: usize| {
        let ids = vec!["\"todo_01h455vb4pex5vsknk084sn02q\""; count].join(",");
        format!("memos(ids: [{ids}]) {{ nodeId memory {{ state }} }}")
    };
    let lists = [
        ("changes(last: 20) { row table }".to_owned(), "changes(last: 100) { row table }".to_owned()),
        ("operations(first: 20) { name count }".to_owned(), "operations(first: 100) { name count }".to_owned()),
        (
            "jobs { dead(first: 20) { name attempts } }".to_owned(),
            "jobs { dead(first: 100) { name attempts } }".to_owned(),
        ),
        (memos(20), memos(100)),
    ];
    for (few, many) in lists {
        let told = server.graphql(&format!("{{ tide {{ {few} }} }}"), Value::Null).await;
        assert!(told.get("errors").is_none(), "{told}");
        let refused = server.graphql(&format!("{{ tide {{ {many} }} }}"), Value::Null).await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{many}: {refused}");
    }
}

#[tokio::test]
async fn the_busiest_operations_are_told_first_and_no_more_than_are_asked_for() {
    let database = seeded(Backend::Sqlite).await;
    let environment = [("DATABASE_URL", database.url()), ("TIDEWATER_DEVELOPMENT", "true")];
    let server = Server::start(binary(), &["serve"], &environment).await;
    for (name, times) in [("Fifth", 2), ("First", 6), ("Third", 4), ("Second", 5), ("Fourth", 3)] {
        for _ in 0..times {
            server.graphql(&format!("query {name} {{ __typename }}"), Value::Null).await;
        }
    }
    let told = server.graphql("{ tide { operations(first: 4) { name count } } }", Value::Null).await;
    let expected = [("First", 6.0), ("Second", 5.0), ("Third", 4.0), ("Fourth", 3.0)];
    let expected = expected.map(|(name, count)| json!({ "name": name, "count": count }));
    assert_eq!(told["data"]["tide"]["operations"], json!(expected), "{told}");
}
