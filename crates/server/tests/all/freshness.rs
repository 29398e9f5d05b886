//! The promise of the product, on the real binary: whoever changes the database, the next answer shows it.
//!
//! Nothing here waits: a change is made by another program, and the very next query is judged.

use serde_json::{Value, json};
use tidewater_testkit::{Backend, Server, TestDatabase, TestRedis, on_each_backend};

use crate::fixture::{eventually, seeded, sign_in, start_over};

/// A server over a filled database, warm: every query of the test has been asked before the change.
struct Warm {
    backend: Backend,
    database: TestDatabase,
    redis: Option<TestRedis>,
    servers: Vec<Server>,
    token: String,
}

impl Warm {
    async fn start(backend: Backend) -> Self {
        Self::start_several(backend, 1).await
    }

    async fn start_several(backend: Backend, count: usize) -> Self {
        let (database, redis) = (seeded(backend).await, backend.redis().await);
        let mut servers = Vec::new();
        for _ in 0..count {
            servers.push(start_over(&database, redis.as_ref()).await);
        }
        let token = sign_in(&servers[0], 2).await;
        Self { backend, database, redis, servers, token }
    }

    async fn ask(&self, query: &str) -> Value {
        self.ask_on(0, query).await
    }

    async fn ask_on(&self, server: usize, query: &str) -> Value {
        let answer = self.servers[server].graphql_as(&self.token, query, Value::Null).await;
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"].clone()
    }

    /// Asks, changes the database behind the server's back, asks again.
    async fn around(&self, query: &str, change: &str) -> (Value, Value) {
        let before = self.ask(query).await;
        assert_eq!(self.ask(query).await, before, "the same question twice");
        let changed = self.database.sql(change).await;
        assert!(changed > 0, "changed nothing: {change}");
        (before, self.ask(query).await)
    }

    /// A statement that gives user 2 one more todo.
    fn insert_todo(&self, number: u8, text: &str) -> String {
        let id = self.uuid(number);
        format!(
            "INSERT INTO todo (id, user_id, text, completed, priority, created_at, updated_at) \
             SELECT {id}, id, '{text}', FALSE, 1, created_at, created_at FROM \"user\" WHERE email = 'user2@example.test'"
        )
    }

    fn uuid(&self, number: u8) -> String {
        match self.backend {
            Backend::Sqlite => format!("x'0190000000007000800000000000{number:04x}'"),
            _ => format!("'01900000-0000-7000-8000-00000000{number:04x}'"),
        }
    }
}

const TODOS: &str = "{ viewer { todos(first: 100) { totalCount nodes { text } } } }";
const COMPLETED: &str = "{ todos(filter: { completed: true }) { totalCount nodes { text } } }";
const BELONGS_TO_USER_2: &str = "user_id = (SELECT id FROM \"user\" WHERE email = 'user2@example.test')";

fn texts(answer: &Value) -> Vec<&str> {
    let nodes = answer.pointer("/viewer/todos/nodes").or(answer.pointer("/todos/nodes"));
    nodes.and_then(Value::as_array).unwrap().iter().map(|todo| todo["text"].as_str().unwrap()).collect()
}

fn count(answer: &Value) -> u64 {
    answer.pointer("/viewer/todos/totalCount").or(answer.pointer("/todos/totalCount")).unwrap().as_u64().unwrap()
}

on_each_backend! {
    async fn a_changed_row_is_seen_at_once(backend) {
        let warm = Warm::start(backend).await;
        for round in 0..20 {
            let change = format!("UPDATE todo SET text = 'round {round}' WHERE {BELONGS_TO_USER_2}");
            let (before, after) = warm.around(TODOS, &change).await;
            assert_eq!(count(&before), 3);
            assert_eq!(texts(&after), vec![format!("round {round}"); 3]);
        }
    }

    async fn a_row_that_comes_or_goes_is_seen_in_lists_and_counts(backend) {
        let warm = Warm::start(backend).await;
        let (before, after) = warm.around(TODOS, &warm.insert_todo(1, "new")).await;
        assert_eq!((count(&before), count(&after)), (3, 4));
        assert!(texts(&after).contains(&"new") && !texts(&before).contains(&"new"));
        let (_, after) = warm.around(TODOS, "DELETE FROM todo WHERE text = 'new'").await;
        assert_eq!(after, before);
    }

    async fn an_empty_list_is_kept_and_seen_to_fill(backend) {
        let warm = Warm::start(backend).await;
        warm.database.sql(&format!("UPDATE todo SET completed = FALSE WHERE {BELONGS_TO_USER_2}")).await;
        let change = format!("UPDATE todo SET completed = TRUE WHERE {BELONGS_TO_USER_2}");
        let (before, after) = warm.around(COMPLETED, &change).await;
        assert_eq!((count(&before), count(&after)), (0, 3));
        assert!(texts(&before).is_empty());
    }

    async fn a_row_that_was_absent_is_seen_to_appear(backend) {
        let warm = Warm::start(backend).await;
        let id = "todo_01j0000000e008000000000009";
        let query = format!("{{ todo(id: \"{id}\") {{ text }} }}");
        let (before, after) = warm.around(&query, &warm.insert_todo(9, "appeared")).await;
        assert_eq!(before, json!({ "todo": null }));
        assert_eq!(after, json!({ "todo": { "text": "appeared" } }));
    }

    async fn a_row_that_changes_hands_moves_between_lists(backend) {
        let warm = Warm::start(backend).await;
        let other = sign_in(&warm.servers[0], 3).await;
        let asked = async || warm.servers[0].graphql_as(&other, TODOS, Value::Null).await;
        assert_eq!(count(&asked().await["data"]), 3);
        let change = format!(
            "UPDATE todo SET user_id = (SELECT id FROM \"user\" WHERE email = 'user3@example.test') WHERE {BELONGS_TO_USER_2}"
        );
        let (before, after) = warm.around(TODOS, &change).await;
        assert_eq!((count(&before), count(&after)), (3, 0));
        assert_eq!(count(&asked().await["data"]), 6);
    }

    async fn a_cascade_is_seen(backend) {
        let warm = Warm::start(backend).await;
        let admin = sign_in(&warm.servers[0], 1).await;
        let query = "{ todos(first: 100) { totalCount nodes { text user { name } } } }";
        let asked = async || warm.servers[0].graphql_as(&admin, query, Value::Null).await;
        assert_eq!(count(&asked().await["data"]), 9);
        warm.database.sql("DELETE FROM \"user\" WHERE email = 'user3@example.test'").await;
        assert_eq!(count(&asked().await["data"]), 6);
    }

    async fn an_emptied_table_is_seen(backend) {
        let warm = Warm::start(backend).await;
        assert_eq!(count(&warm.ask(TODOS).await), 3);
        let emptied = if backend == Backend::Sqlite { "DELETE FROM todo" } else { "TRUNCATE todo CASCADE" };
        warm.database.sql(emptied).await;
        let after = warm.ask(TODOS).await;
        assert_eq!((count(&after), texts(&after)), (0, vec![]));
    }

    async fn nothing_of_a_transaction_is_seen_before_it_commits(backend) {
        let warm = Warm::start(backend).await;
        let before = warm.ask(TODOS).await;
        let rolled_back = format!("BEGIN; UPDATE todo SET text = 'never' WHERE {BELONGS_TO_USER_2}; ROLLBACK;");
        warm.database.sql(&rolled_back).await;
        assert_eq!(warm.ask(TODOS).await, before);
    }

    async fn a_name_is_seen_to_change_wherever_it_is_nested(backend) {
        let warm = Warm::start(backend).await;
        let query = "{ todos(first: 2) { nodes { user { name profile { bio } todos(first: 1) { nodes { user { name } } } } } } }";
        let (_, after) = warm.around(query, "UPDATE \"user\" SET name = 'Renamed'").await;
        let names = after.to_string().matches("Renamed").count();
        assert_eq!(names, 4, "{after}");
        let (_, after) = warm.around(query, "UPDATE profile SET bio = 'New words'").await;
        assert_eq!(after.to_string().matches("New words").count(), 2, "{after}");
    }

    async fn a_write_on_one_server_is_seen_on_another(backend) {
        let warm = Warm::start_several(backend, 2).await;
        let created = warm.ask("mutation { createTodo(input: { text: \"first\" }) { todo { id } } }").await;
        let id = created["createTodo"]["todo"]["id"].as_str().unwrap();
        let query = format!("{{ todo(id: \"{id}\") {{ text }} }}");
        for round in 0..20 {
            let (writer, reader) = (round % 2, (round + 1) % 2);
            warm.ask_on(reader, &query).await;
            let text = format!("round {round}");
            let write = format!("mutation {{ updateTodo(input: {{ id: \"{id}\", text: \"{text}\" }}) {{ todo {{ text }} }} }}");
            assert_eq!(warm.ask_on(writer, &write).await["updateTodo"]["todo"]["text"], text);
            assert_eq!(warm.ask_on(reader, &query).await, json!({ "todo": { "text": text } }));
            assert_eq!(warm.ask_on(writer, &query).await, json!({ "todo": { "text": text } }));
        }
    }
}

/// Whatever becomes of Redis, every answer is right.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_may_be_flushed_stopped_and_started_with_old_data() {
    let mut warm = Warm::start(Backend::PostgresRedis).await;
    let mut round = 0;
    let mut change = async |warm: &Warm| {
        round += 1;
        let change = format!("UPDATE todo SET text = 'round {round}' WHERE {BELONGS_TO_USER_2}");
        let (_, after) = warm.around(TODOS, &change).await;
        assert_eq!(texts(&after), vec![format!("round {round}"); 3]);
    };
    let redis = |warm: &mut Warm| warm.redis.take().unwrap();

    change(&warm).await;
    warm.redis.as_ref().unwrap().flush_all().await;
    change(&warm).await;
    eventually("values are in Redis", async || {
        warm.redis.as_ref().unwrap().keys().await.iter().any(|key| key.contains(":todo:"))
    })
    .await;
    let mut own = redis(&mut warm);
    let dump = own.save_dump().await;
    change(&warm).await;
    own.stop().await;
    for _ in 0..20 {
        change(&warm).await;
    }
    own.restart_with_dump(&dump).await;
    // A server that has just started has nothing in memory: it is Redis that it would be misled by.
    warm.servers.push(start_over(&warm.database, Some(&own)).await);
    warm.servers.swap(0, 1);
    for _ in 0..20 {
        change(&warm).await;
    }
    own.pause();
    change(&warm).await;
    own.resume();
    change(&warm).await;

    let log = warm.servers[1].log();
    let told = log.lines().filter(|line| line.contains("WARN") && line.to_lowercase().contains("redis")).count();
    assert!((1..=4).contains(&told), "two outages are told about once each, not once a request:\n{log}");
}
