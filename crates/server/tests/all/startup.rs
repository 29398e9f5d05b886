use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use tidewater_testkit::{Backend, Server, TestDatabase, TestRedis, on_each_backend};

use crate::fixture::{binary, eventually, fail, seeded, sign_in, start, succeed};

#[tokio::test]
async fn a_fresh_machine_serves_a_demo_from_a_file() {
    let server = Server::start(binary(), &[], &[]).await;
    let line = server.logged("small demo").await;
    assert!(line.contains("user1@example.test") && line.contains("`tidewater`"), "{line}");
    assert!(server.directory().join("tidewater.db").is_file());

    let token = sign_in(&server, 2).await;
    let answer = server.graphql_as(&token, "{ viewer { email todos { totalCount } } }", Value::Null).await;
    let expected = json!({ "viewer": { "email": "user2@example.test", "todos": { "totalCount": 20 } } });
    assert_eq!(answer["data"], expected);
}

#[tokio::test]
async fn a_file_that_is_there_is_served_as_it_is() {
    let database = TestDatabase::sqlite().await;
    let mut server = start(&database, &["--no-demo"]).await;
    assert!(!server.log().contains("demo"), "{}", server.log());
    server.terminate().await;
    let server = start(&database, &[]).await;
    assert!(!server.log().contains("demo"), "{}", server.log());
    assert_eq!(server.graphql("{ notes { totalCount } }", Value::Null).await["data"]["notes"]["totalCount"], 0);
}

#[tokio::test]
async fn postgres_is_migrated_on_request_only() {
    let database = TestDatabase::postgres().await;
    let environment = [("DATABASE_URL", database.url())];
    let (code, sentence) = fail(&["serve", "--listen", "127.0.0.1:0"], &environment).await;
    assert_eq!(code, 1);
    assert!(sentence.contains("not migrated") && sentence.contains("`tidewater migrate up`"), "{sentence}");

    let server = start(&database, &["--migrate"]).await;
    server.logged("small demo").await;
    let token = sign_in(&server, 2).await;
    let answer = server.graphql_as(&token, "{ viewer { email } }", Value::Null).await;
    assert_eq!(answer["data"]["viewer"]["email"], "user2@example.test", "{answer}");
}

#[tokio::test]
async fn several_servers_may_start_on_a_new_database_at_once() {
    let database = TestDatabase::postgres().await;
    let arguments = ["--migrate"];
    let (first, second) = tokio::join!(start(&database, &arguments), start(&database, &arguments));
    for server in [first, second] {
        let token = sign_in(&server, 2).await;
        let answer = server.graphql_as(&token, "{ viewer { todos { totalCount } } }", Value::Null).await;
        assert_eq!(answer["data"]["viewer"]["todos"]["totalCount"], 20, "{answer}");
    }
}

#[tokio::test]
async fn a_database_that_is_migrated_in_part_is_refused() {
    let database = TestDatabase::postgres().await;
    let environment = [("DATABASE_URL", database.url())];
    succeed(&["migrate", "up", "1"], &environment).await;
    let (code, sentence) = fail(&["serve", "--listen", "127.0.0.1:0"], &environment).await;
    assert_eq!(code, 1);
    assert!(sentence.contains("not migrated"), "{sentence}");
}

#[tokio::test]
async fn an_unreachable_database_is_one_sentence() {
    let environment = [("DATABASE_URL", "postgres://somebody:secret@127.0.0.1:1/nothing")];
    let (code, sentence) = fail(&["serve", "--listen", "127.0.0.1:0"], &environment).await;
    assert_eq!(code, 1);
    assert!(sentence.contains("nothing at 127.0.0.1:1"), "{sentence}");
    assert!(!sentence.contains("secret"), "{sentence}");
}

#[tokio::test]
async fn a_port_in_use_is_one_sentence_and_changes_nothing() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let database = TestDatabase::sqlite().await;
    let (code, sentence) = fail(&["serve", "--listen", &address], &[("DATABASE_URL", database.url())]).await;
    assert_eq!(code, 1);
    assert!(sentence.contains(&address) && sentence.contains("another process"), "{sentence}");
    let status = succeed(&["migrate", "status"], &[("DATABASE_URL", database.url())]).await;
    assert!(!status.contains("applied"), "{status}");
}

on_each_backend! {
    async fn changed_triggers_are_refused(backend) {
        let database = seeded(backend).await;
        match backend {
            Backend::PostgresRedis | Backend::Postgres => {
                database.sql("ALTER TABLE todo DISABLE TRIGGER USER").await;
            }
            Backend::Sqlite => drop_a_trigger(&database).await,
        }
        let environment = [("DATABASE_URL", database.url())];
        let (code, sentence) = fail(&["serve", "--listen", "127.0.0.1:0"], &environment).await;
        assert_eq!(code, 1);
        assert!(sentence.contains("todo") && sentence.contains("`tidewater migrate up`"), "{sentence}");

        succeed(&["migrate", "up"], &environment).await;
        start(&database, &[]).await;
    }
}

#[tokio::test]
async fn a_redis_can_be_reached_by_a_unix_socket() {
    let (database, redis) = (seeded(Backend::Sqlite).await, TestRedis::start_own().await);
    let url = redis.socket_url();
    let environment = [("DATABASE_URL", database.url()), ("REDIS_URL", url.as_str())];
    let server = Server::start(binary(), &["serve"], &environment).await;
    server.graphql("{ notes(first: 1) { nodes { title } } }", Value::Null).await;
    eventually("values are in Redis", async || redis.keys().await.iter().any(|key| key.contains(":note:"))).await;
}

#[tokio::test]
async fn what_a_redis_that_is_out_of_reach_is_done_without_for_is_logged_once_each() {
    let database = seeded(Backend::Postgres).await;
    let environment = [("DATABASE_URL", database.url()), ("REDIS_URL", "redis://127.0.0.1:1")];
    let server = Server::start(binary(), &["serve"], &environment).await;
    let token = sign_in(&server, 2).await;
    for _ in 0..10 {
        let answer = server.graphql_as(&token, "{ viewer { todos { totalCount } } }", Value::Null).await;
        assert_eq!(answer["data"]["viewer"]["todos"]["totalCount"], 3);
    }
    // Nobody asks for it.
    server.logged("jobs wait until it does").await;
    let log = server.log();
    let lines = |part: &str| log.lines().filter(|line| line.to_lowercase().contains(part)).count();
    assert_eq!(lines("reading without it until it does"), 1, "{log}");
    assert_eq!(lines("each server limits rates by itself until it does"), 1, "{log}");
    assert_eq!(lines("jobs wait until it does"), 1, "{log}");
    assert_eq!(lines("redis"), 3, "{log}");
}

async fn drop_a_trigger(database: &TestDatabase) {
    let connection = database.connect().await;
    let query = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'todo'";
    let row = connection.query_one_raw(Statement::from_string(connection.get_database_backend(), query)).await;
    let name: String = row.unwrap().unwrap().try_get("", "name").unwrap();
    connection.close().await.unwrap();
    database.sql(&format!("DROP TRIGGER \"{name}\"")).await;
}
