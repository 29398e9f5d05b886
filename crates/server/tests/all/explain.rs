//! Why a request was answered as it was: each way for something not to be served, forced, and its true reason.

use std::time::Duration;

use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::{Value, json};
use tidewater_testkit::{Answer, Backend, Postgres, Server, TestDatabase, TestRedis, on_each_backend};
use tokio::time::sleep;

use crate::fixture::{PATIENT, binary, eventually, prepare, seeded, sign_in, wait_for_blocked};

/// Long enough to be told from no time at all.
const PAUSE: Duration = Duration::from_millis(300);

const TODO: &str = "query($id: ID!) { todo(id: $id) { text } }";
const TODOS: &str = "{ viewer { todos(first: 3, filter: { completed: false }) { totalCount nodes { text } } } }";

/// Servers over a filled database, and somebody who is signed in.
struct Explained {
    backend: Backend,
    database: TestDatabase,
    redis: Option<TestRedis>,
    servers: Vec<Server>,
    token: String,
    todo: String,
}

impl Explained {
    async fn new(backend: Backend, environment: &[(&str, &str)]) -> Self {
        Self::several(backend, 1, environment).await
    }

    async fn several(backend: Backend, count: usize, environment: &[(&str, &str)]) -> Self {
        Self::over(backend, seeded(backend).await, count, environment).await
    }

    async fn over(backend: Backend, database: TestDatabase, count: usize, environment: &[(&str, &str)]) -> Self {
        let redis = backend.redis().await;
        let mut explained =
            Self { backend, database, redis, servers: vec![], token: String::new(), todo: String::new() };
        for _ in 0..count {
            let server = explained.start(environment).await;
            explained.servers.push(server);
        }
        explained.token = sign_in(&explained.servers[0], 1).await;
        let mine = explained.ask("{ viewer { todos(first: 1) { nodes { id } } } }", json!({}), false).await;
        explained.todo = mine.body["data"]["viewer"]["todos"]["nodes"][0]["id"].as_str().unwrap().to_owned();
        explained
    }

    async fn start(&self, environment: &[(&str, &str)]) -> Server {
        let redis = self.redis.as_ref().map(|redis| (redis.url(), redis.prefix().to_owned()));
        let mut all = vec![("DATABASE_URL", self.database.url()), PATIENT];
        if let Some((url, prefix)) = &redis {
            all.extend([("REDIS_URL", url.as_str()), ("TIDEWATER_REDIS_KEY_PREFIX", prefix.as_str())]);
        }
        all.extend(environment);
        Server::start(binary(), &["serve"], &all).await
    }

    async fn ask(&self, query: &str, variables: Value, explain: bool) -> Answer {
        self.ask_as(0, &self.token, query, variables, explain).await
    }

    async fn ask_as(&self, server: usize, token: &str, query: &str, variables: Value, explain: bool) -> Answer {
        let authorization = format!("Bearer {token}");
        let mut headers = vec![("authorization", authorization.as_str())];
        if explain {
            headers.push(("tidewater-explain", "1"));
        }
        self.servers[server].ask(&headers, &json!({ "query": query, "variables": variables })).await
    }

    /// What is told of the request for the todo.
    async fn todo(&self) -> Value {
        told(&self.ask(TODO, json!({ "id": self.todo }), true).await)
    }

    /// The read of the todo's row.
    async fn row(&self) -> Value {
        read(&self.todo().await, &format!("todo(id={})", self.todo))
    }

    /// The row in SQL.
    fn sql_id(&self) -> String {
        let id = tidewater_graphql::id::parse("id", &async_graphql_id(&self.todo)).unwrap().1;
        if self.is_postgres() { format!("'{id}'") } else { format!("x'{}'", id.simple()) }
    }

    fn is_postgres(&self) -> bool {
        !matches!(self.backend, Backend::Sqlite)
    }
}

fn async_graphql_id(id: &str) -> async_graphql::ID {
    async_graphql::ID(id.to_owned())
}

fn told(answer: &Answer) -> Value {
    let told = answer.body["extensions"]["tidewater"]["explain"].clone();
    assert!(told["reads"].is_array(), "{}", answer.body);
    told
}

/// What a response rests on, in an order of its own: reads are answered in any.
fn dependencies(told: &Value) -> Vec<&str> {
    let dependencies = told["response"]["dependencies"].as_array().unwrap();
    let mut names: Vec<_> = dependencies.iter().map(|name| name.as_str().unwrap()).collect();
    names.sort_unstable();
    names
}

fn age(told: &Value) -> f64 {
    told["ageMilliseconds"].as_f64().unwrap_or_else(|| panic!("{told}"))
}

/// The read that depends on `dependency`.
fn read(told: &Value, dependency: &str) -> Value {
    let reads = told["reads"].as_array().unwrap();
    let found = reads.iter().find(|read| read["dependencies"].as_array().unwrap().contains(&json!(dependency)));
    found.unwrap_or_else(|| panic!("{dependency} is not in {told}")).clone()
}

on_each_backend! {
    async fn what_served_it_is_told_with_what_it_rests_on(backend) {
        let explained = Explained::new(backend, &[]).await;
        let first = told(&explained.ask(TODOS, json!({}), true).await);
        assert_eq!((&first["servedBy"], &first["isReplayed"]), (&json!("EXECUTION"), &json!(false)));
        assert_eq!(first["response"]["missed"]["reason"], "NEVER_FILLED");
        let viewer = first["reads"].as_array().unwrap().iter().find(|read| read["space"] == "user").unwrap();
        let viewer = viewer["dependencies"][0].as_str().unwrap().to_owned();
        let user = viewer.strip_prefix("user(id=").unwrap().trim_end_matches(')');
        let list = format!("todo(user_id={user})[completed]");
        let (rest, count) = (first["response"]["dependencies"].as_array().unwrap(), read(&first, &list));
        for dependency in [viewer.as_str(), &list, "session(token_hash=…)[]"] {
            assert!(rest.contains(&json!(dependency)), "{dependency} is not in {first}");
        }
        assert_eq!(count["servedBy"], "DATABASE");
        let load = &first["loads"][count["load"].as_u64().unwrap() as usize];
        assert_eq!((&load["space"], &load["statements"]), (&count["space"], &json!(1)));
        assert!(load["milliseconds"].as_f64().unwrap() > 0.0 && count["asOf"].as_u64().unwrap() > 0, "{first}");
        assert_eq!(first["response"]["unnamedDependencies"], 0, "{first}");
        sleep(PAUSE).await;
        let second = told(&explained.ask(TODOS, json!({}), true).await);
        for aged in [&second["response"], &read(&second, &list)] {
            assert!(age(aged) >= PAUSE.as_secs_f64() * 1_000.0 && aged["asOf"].as_u64().unwrap() > 0, "{second}");
        }
        assert!(age(&count) < age(&read(&second, &list)));
        assert_eq!((&second["servedBy"], &second["isReplayed"]), (&json!("RESPONSE"), &json!(true)));
        assert!(second["response"].get("missed").is_none());
        assert_eq!(dependencies(&second), dependencies(&first));
        assert!(second["reads"].as_array().unwrap().iter().all(|read| read["servedBy"] == "MEMORY"), "{second}");
    }

    async fn what_takes_two_statements_is_told_to_have_taken_two(backend) {
        let explained = Explained::new(backend, &[]).await;
        let mine = "{ viewer { todos(first: 3) { nodes { tags { totalCount nodes { name } } } } } }";
        let told = told(&explained.ask(mine, json!({}), true).await);
        let statements = |space: &str| -> Vec<_> {
            let loads = told["loads"].as_array().unwrap().iter().filter(|load| load["space"] == space);
            loads.map(|load| load["statements"].as_u64().unwrap()).collect()
        };
        // One for the tags of all todos, and one for the links that lead to them.
        assert_eq!((statements("tag.list"), statements("tag.count")), (vec![2], vec![2]), "{told}");
        assert_eq!(statements("todo.list"), [1], "{told}");
    }

    async fn an_explained_request_is_answered_like_any_other(backend) {
        let explained = Explained::new(backend, &[]).await;
        for query in [TODOS, "{ viewer { email } }"] {
            let plain = explained.ask(query, json!({}), false).await;
            assert!(plain.body["extensions"]["tidewater"].get("explain").is_none());
            let told = explained.ask(query, json!({}), true).await;
            assert_eq!(plain.body["data"], told.body["data"]);
            assert_eq!(told.headers["cache-status"], "Tidewater; hit; detail=\"response\"", "it was kept for the plain one");
        }
        let told = explained.ask("{ viewer { name } }", json!({}), true).await;
        assert!(told.body["extensions"]["tidewater"]["mark"].is_string());
        let plain = explained.ask("{ viewer { name } }", json!({}), false).await;
        assert_eq!(plain.headers["cache-status"], "Tidewater; hit; detail=\"response\"", "and for the told one");
        assert!(plain.body["extensions"]["tidewater"].get("explain").is_none());
    }

    async fn only_an_admin_is_told_or_everybody_in_development(backend) {
        let explained = Explained::new(backend, &[]).await;
        let other = sign_in(&explained.servers[0], 2).await;
        for _ in 0..2 {
            for (token, code) in [(other.as_str(), Value::Null), ("rubbish", Value::Null)] {
                let answer = explained.ask_as(0, token, "{ viewer { name } }", json!({}), true).await;
                assert_eq!(answer.body["errors"], code);
                let told = &answer.body["extensions"]["tidewater"]["explain"];
                assert_eq!(told, &json!({ "refused": "only an ADMIN is told how requests are answered" }));
            }
        }
        let looked = async || {
            let query = "{ tide { spaces { name memoryHits redisHits joined misses { count } } } }";
            let told = explained.ask(query, json!({}), false).await.body["data"]["tide"]["spaces"].take();
            told.as_array().unwrap().iter().find(|space| space["name"] == "note.count").unwrap().clone()
        };
        explained.ask_as(0, &other, "{ notes { totalCount } }", json!({}), false).await;
        let before = looked().await;
        let answer = explained.ask_as(0, &other, "{ notes { totalCount } }", json!({}), true).await;
        assert_eq!(answer.headers["cache-status"], "Tidewater; hit; detail=\"response\"");
        assert_eq!(looked().await, before, "nothing is carried out again for whom nothing is told");
        let open = Explained::new(backend, &[("TIDEWATER_DEVELOPMENT", "true")]).await;
        told(&open.ask_as(0, "rubbish", "{ viewer { name } }", json!({}), true).await);
    }

    async fn no_secret_is_told(backend) {
        let explained = Explained::new(backend, &[]).await;
        let mine = "{ viewer { email profile { bio } sessions { nodes { id } } } }";
        for _ in 0..2 {
            let answer = explained.ask(mine, json!({}), true).await;
            assert!(answer.body.get("errors").is_none(), "{}", answer.body);
            let text = told(&answer).to_string();
            assert!(text.contains("session(token_hash=…)"), "{text}");
            assert!(!text.contains("example.test") && !text.contains(&explained.token), "{text}");
        }
    }

    async fn a_change_from_outside_is_told_with_its_row_and_columns(backend) {
        let explained = Explained::new(backend, &[]).await;
        explained.todo().await;
        explained.database.sql(&format!("UPDATE todo SET text = 'from outside' WHERE id = {}", explained.sql_id())).await;
        let told = explained.todo().await;
        assert_eq!(told["servedBy"], "EXECUTION");
        let row = read(&told, &format!("todo(id={})", explained.todo));
        for missed in [&told["response"]["missed"], &row["missed"]] {
            assert_eq!(missed["reason"], "CHANGED", "{told}");
            let change = &missed["change"];
            assert_eq!(change["known"], "CHANGE", "{told}");
            assert_eq!(change["dependency"], format!("todo(id={})", explained.todo));
            assert_eq!(change["row"], format!("todo(id={})", explained.todo));
            assert_eq!((&change["operation"], &change["columns"]), (&json!("UPDATE"), &json!(["text"])));
            assert_eq!(change["isFirst"], true);
            assert!(change["seenAt"].is_string());
            let writer = if explained.is_postgres() { "OUTSIDE" } else { "UNKNOWN" };
            assert_eq!((change["transaction"].is_string(), &change["writer"]), (explained.is_postgres(), &json!(writer)));
        }
        assert_eq!(row["servedBy"], "DATABASE");
    }

    async fn a_change_by_this_server_and_one_by_another_are_told_apart(backend) {
        let explained = Explained::several(backend, 2, &[]).await;
        let update = "mutation($id: ID!, $text: String!) { updateTodo(input: { id: $id, text: $text }) { todo { text } } }";
        for (server, writer) in [(0, "THIS_SERVER"), (1, "ANOTHER_SERVER")] {
            explained.todo().await;
            let variables = json!({ "id": explained.todo, "text": writer });
            let done = explained.ask_as(server, &explained.token, update, variables, false).await;
            assert!(done.body.get("errors").is_none(), "{}", done.body);
            let told = explained.todo().await;
            let change = &told["response"]["missed"]["change"];
            // On SQLite, a server knows what it did itself, and nothing of others.
            let writer = if explained.is_postgres() || server == 0 { writer } else { "UNKNOWN" };
            assert_eq!((&change["known"], &change["writer"]), (&json!("CHANGE"), &json!(writer)), "{told}");
        }
    }

    async fn a_mutation_is_told_to_be_no_matter_of_kept_responses(backend) {
        let explained = Explained::new(backend, &[]).await;
        let update = "mutation($id: ID!) { updateTodo(input: { id: $id, text: \"x\" }) { todo { text } } }";
        let told = told(&explained.ask(update, json!({ "id": explained.todo }), true).await);
        assert_eq!((&told["servedBy"], &told["response"]["bypassed"]), (&json!("EXECUTION"), &json!("NOT_KEPT")));
    }

    async fn a_row_that_is_not_there_is_depended_on_until_it_appears(backend) {
        let explained = Explained::new(backend, &[]).await;
        let absent = "00000000-0000-7000-8000-000000000077".parse().unwrap();
        let id = tidewater_graphql::id::encode("todo", absent).0;
        let ask = async || told(&explained.ask(TODO, json!({ "id": id }), true).await);
        ask().await;
        let dependency = format!("todo(id={id})");
        assert_eq!(read(&ask().await, &dependency)["servedBy"], "MEMORY", "absence is kept");
        let key = if explained.is_postgres() { format!("'{absent}'") } else { format!("x'{}'", absent.simple()) };
        let insert = format!(
            "INSERT INTO todo (id, user_id, text, completed, priority, created_at, updated_at) \
             SELECT {key}, user_id, 'new', FALSE, 1, created_at, created_at FROM todo WHERE id = {}", explained.sql_id());
        explained.database.sql(&insert).await;
        let told = ask().await;
        let missed = &read(&told, &dependency)["missed"];
        assert_eq!((&missed["reason"], &missed["change"]["operation"]), (&json!("CHANGED"), &json!("INSERT")), "{told}");
    }

    async fn what_is_kept_for_its_time_only_has_expired(backend) {
        let explained = Explained::new(backend, &[("TIDEWATER_ITEM_TTL", "50ms"), ("TIDEWATER_RESPONSE_MEMORY", "0")]).await;
        explained.todo().await;
        eventually("it has expired", async || {
            let row = explained.row().await;
            row["missed"]["memory"] == "EXPIRED"
        }).await;
        assert_eq!(explained.todo().await["response"]["bypassed"], "OFF");
    }

    async fn what_memory_has_no_room_for_was_evicted(backend) {
        let none = [("TIDEWATER_CACHE_MEMORY", "0"), ("TIDEWATER_RESPONSE_MEMORY", "0")];
        let explained = Explained::new(backend, &none).await;
        explained.todo().await;
        let row = explained.row().await;
        match explained.redis {
            // It may be on its way there.
            Some(_) => assert!(["REDIS", "DATABASE"].contains(&row["servedBy"].as_str().unwrap()), "{row}"),
            None => assert_eq!(row["servedBy"], "DATABASE"),
        }
        assert_eq!(row["missed"]["memory"], "EVICTED", "{row}");
    }

    async fn a_server_that_has_just_begun_has_filled_nothing(backend) {
        let mut explained = Explained::new(backend, &[]).await;
        explained.todo().await;
        if let Some(redis) = &explained.redis {
            eventually("it is in Redis", async || redis.keys().await.iter().any(|key| key.contains(":todo:"))).await;
        }
        explained.servers = vec![explained.start(&[]).await];
        let told = explained.todo().await;
        assert_eq!(told["response"]["missed"]["reason"], "NEVER_FILLED", "{told}");
        let row = read(&told, &format!("todo(id={})", explained.todo));
        assert_eq!(row["missed"]["memory"], "NEVER_FILLED");
        match (&explained.redis, row["missed"]["redis"].as_str().unwrap()) {
            (None, redis) => assert_eq!((&row["servedBy"], redis), (&json!("DATABASE"), "NOT_ASKED")),
            // Transactions of others may have been under way when it was stored; then nobody knows whether it is older than the last change.
            (Some(_), "CHANGED") => assert_eq!(row["missed"]["change"]["known"], "OLDER", "{told}"),
            (Some(_), redis) => assert_eq!((&row["servedBy"], redis), (&json!("REDIS"), "ANSWERED"), "{told}"),
        }
    }

    async fn the_databases_own_answer_is_told_as_such(backend) {
        let explained = Explained::new(backend, &[]).await;
        explained.todo().await;
        let authorization = format!("Bearer {}", explained.token);
        let headers =
            [("authorization", authorization.as_str()), ("tidewater-explain", "1"), ("cache-control", "no-cache")];
        let body = json!({ "query": TODO, "variables": { "id": explained.todo } });
        let told = told(&explained.servers[0].ask(&headers, &body).await);
        assert_eq!(told["response"]["bypassed"], "FROM_SOURCE");
        let row = read(&told, &format!("todo(id={})", explained.todo));
        assert_eq!((&row["servedBy"], &row["missed"]["reason"]), (&json!("DATABASE"), &json!("BYPASSED")));
    }
}

#[tokio::test]
async fn a_change_of_a_whole_table_is_told_as_one() {
    let explained = Explained::new(Backend::Postgres, &[]).await;
    explained.todo().await;
    explained.database.sql("TRUNCATE todo CASCADE").await;
    let told = explained.todo().await;
    let change = &read(&told, &format!("todo(id={})", explained.todo))["missed"]["change"];
    assert_eq!((&change["operation"], &change["row"]), (&json!("TABLE"), &json!("todo")), "{told}");
}

#[tokio::test]
async fn what_redis_holds_and_another_server_has_changed_is_told_with_that_change() {
    let mut explained = Explained::several(Backend::PostgresRedis, 2, &[]).await;
    explained.todo().await;
    let redis = explained.redis.as_ref().unwrap();
    eventually("it is in Redis", async || redis.keys().await.iter().any(|key| key.contains(":todo:"))).await;
    explained.database.sql(&format!("UPDATE todo SET text = 'new' WHERE id = {}", explained.sql_id())).await;
    explained.servers.remove(0);
    let told = explained.todo().await;
    let missed = &read(&told, &format!("todo(id={})", explained.todo))["missed"];
    assert_eq!((&missed["memory"], &missed["redis"]), (&json!("NEVER_FILLED"), &json!("CHANGED")), "{told}");
    assert_eq!((&missed["reason"], &missed["change"]["known"]), (&json!("CHANGED"), &json!("CHANGE")), "{told}");
}

/// How old it is does not begin anew with the server that has it from Redis.
#[tokio::test]
async fn what_redis_answers_is_as_old_as_it_was_read_from_the_database() {
    let mut explained = Explained::new(Backend::PostgresRedis, &[]).await;
    let rounds = 5;
    for round in 1..=rounds {
        explained.todo().await;
        let redis = explained.redis.as_ref().unwrap();
        eventually("it is in Redis", async || redis.keys().await.iter().any(|key| key.contains(":todo:"))).await;
        sleep(PAUSE).await;
        explained.servers = vec![explained.start(&[]).await];
        let row = explained.row().await;
        // Transactions of others may have been under way when it was stored.
        if row["servedBy"] == "REDIS" {
            assert!(age(&row) >= PAUSE.as_secs_f64() * 1_000.0 && age(&row) < 600_000.0, "{row}");
            return;
        }
        assert!(round < rounds, "{row}");
    }
}

#[tokio::test]
async fn who_joins_another_request_is_told_what_that_one_read() {
    let explained = Explained::new(Backend::Postgres, &[]).await;
    let connection = explained.database.connect().await;
    let lock = connection.begin().await.unwrap();
    lock.execute_unprepared("LOCK TABLE todo IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let second = async {
        wait_for_blocked(&connection, 1).await;
        let joining = explained.ask(TODOS, json!({}), true);
        let released = async {
            // Nothing says that it waits.
            sleep(Duration::from_secs(1)).await;
            lock.rollback().await.unwrap();
        };
        tokio::join!(joining, released).0
    };
    let (first, second) = tokio::join!(explained.ask(TODOS, json!({}), true), second);
    let (first, second) = (told(&first), told(&second));
    assert_eq!((&first["servedBy"], &first["isReplayed"]), (&json!("EXECUTION"), &json!(false)), "{first}");
    assert_eq!((&second["servedBy"], &second["isReplayed"]), (&json!("JOINED"), &json!(true)), "{second}");
    assert!(!second["reads"].as_array().unwrap().is_empty(), "{second}");
    assert_eq!(dependencies(&second), dependencies(&first));
}

#[tokio::test]
async fn what_was_kept_before_the_database_began_anew_is_told_as_that() {
    let mut postgres = Postgres::start().await;
    let database = postgres.database().await;
    prepare(database.url()).await;
    let explained = Explained::over(Backend::Postgres, database, 1, &[]).await;
    explained.todo().await;
    postgres.stop_immediately().await;
    postgres.start_again().await;
    let mut told = Value::Null;
    eventually("the database is back", async || {
        let answer = explained.ask(TODO, json!({ "id": explained.todo }), true).await;
        told = answer.body["extensions"]["tidewater"]["explain"].clone();
        answer.body.get("errors").is_none()
    })
    .await;
    let missed = &told["response"]["missed"];
    assert_eq!((&missed["reason"], missed.get("change")), (&json!("RESTARTED"), None), "{told}");
    assert_eq!(read(&told, &format!("todo(id={})", explained.todo))["missed"]["reason"], "RESTARTED", "{told}");
}
