//! What goes wrong inside of the server: what is told of it is a code and a sentence, and the cause is for the log.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tidewater_testkit::{Backend, Postgres, Server, TestRedis};

use crate::fixture::{INTERNALS, PATIENT, binary, prepare, seeded, sign_in, start};

const NOTES: &str = "{ notes(first: 5) { nodes { title body } } }";
const CREATE_TODO: &str = "mutation { createTodo(input: { text: \"words of a client\" }) { todo { id } } }";
const CREATE_TAG: &str = "mutation { createTag(input: { name: \"new\" }) { tag { id } } }";

/// Checks that an answer says no more than that it failed, by this code.
#[track_caller]
fn assert_discreet(answer: &Value, code: &str, secrets: &[&str]) {
    let [error] = answer["errors"].as_array().unwrap().as_slice() else { panic!("{answer}") };
    assert_eq!(error["extensions"], json!({ "code": code }), "{answer}");
    let told = answer.to_string();
    for internal in INTERNALS.iter().chain(secrets) {
        assert!(!told.contains(internal), "{internal}: {told}");
    }
}

#[tokio::test]
async fn what_the_database_says_is_for_the_log() {
    let database = seeded(Backend::Postgres).await;
    let name = database.url().rsplit('/').next().unwrap().split('?').next().unwrap();
    let environment = [("DATABASE_URL", database.url()), ("RUST_BACKTRACE", "1")];
    let server = Server::start(binary(), &["serve"], &environment).await;
    let token = sign_in(&server, 2).await;
    let raise = "CREATE FUNCTION raise() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'words of the database' USING DETAIL = 'its detail', HINT = 'its hint'; END $$;
        CREATE TRIGGER raise BEFORE INSERT ON tag FOR EACH ROW EXECUTE FUNCTION raise()";
    for (damage, request, cause) in [
        ("ALTER TABLE note RENAME COLUMN body TO renamed", NOTES, "does not exist"),
        ("ALTER TABLE todo ADD CONSTRAINT named CHECK (text NOT LIKE 'words%')", CREATE_TODO, "violates"),
        // What whoever raises it says may be anybody's data.
        (raise, CREATE_TAG, "the error P0001"),
    ] {
        database.sql(damage).await;
        let answer = server.graphql_as(&token, request, Value::Null).await;
        let raised = ["words of the database", "its detail", "its hint"];
        let secrets = [name, cause, "renamed", "note.body", "relation", "constraint", "named", "raise"];
        assert_discreet(&answer, "INTERNAL", &[&secrets[..], &raised].concat());
        server.logged(cause).await;
        let log = server.log();
        assert!(raised.iter().all(|raised| !log.contains(raised)), "{log}");
    }
    database.sql("DROP TRIGGER raise ON tag").await;
    server.graphql_as(&token, CREATE_TAG, Value::Null).await;
    let twice = server.graphql_as(&token, CREATE_TAG, Value::Null).await;
    assert_eq!(twice["errors"][0]["extensions"]["code"], "CONFLICT", "{twice}");
    for secret in ["tag_", "_key", "duplicate", "constraint", "23505"] {
        assert!(!twice["errors"].to_string().contains(secret), "{secret}: {twice}");
    }
}

#[tokio::test]
async fn what_an_sqlite_file_says_is_for_the_log() {
    let database = seeded(Backend::Sqlite).await;
    let server = start(&database, &[]).await;
    let path = database.url().trim_start_matches("sqlite://").split('?').next().unwrap().to_owned();
    database.sql("ALTER TABLE note RENAME COLUMN body TO renamed").await;
    let answer = server.graphql(NOTES, Value::Null).await;
    assert_discreet(&answer, "INTERNAL", &[&path, "renamed", "no such column", "SQLite", "sqlite"]);
    server.logged("no such column").await;
}

#[tokio::test]
async fn where_servers_are_is_not_told_while_they_are_gone() {
    let mut postgres = Postgres::start().await;
    let database = postgres.database().await;
    prepare(database.url()).await;
    let mut redis = TestRedis::start_own().await;
    let (url, place) = (redis.url(), redis.url().trim_start_matches("redis://").to_owned());
    let environment = [("DATABASE_URL", database.url()), ("REDIS_URL", &url), PATIENT];
    let server = Server::start(binary(), &["serve"], &environment).await;
    let token = sign_in(&server, 2).await;
    redis.fill_up().await;
    for stopped in [false, true] {
        if stopped {
            redis.stop().await;
        }
        for request in [NOTES, "{ viewer { todos { totalCount } } }", "mutation { markAllRead { viewer { name } } }"] {
            let answer = server.graphql_as(&token, request, Value::Null).await;
            assert!(answer.get("errors").is_none(), "{answer}");
        }
    }
    postgres.stop_immediately().await;
    let answer = server.graphql_as(&token, NOTES, Value::Null).await;
    let host = database.url().split('@').next_back().unwrap().split('/').next().unwrap();
    assert_discreet(&answer, "UNAVAILABLE", &[host, &place, "postgres", "refused", "OOM", "Connection", "connection"]);
}

#[tokio::test]
async fn what_a_part_says_that_fails_is_for_the_log() {
    let database = seeded(Backend::Postgres).await;
    let environment = [
        ("DATABASE_URL", database.url()),
        ("FAILPOINTS", "before_source=panic(words of a program)"),
        ("RUST_BACKTRACE", "full"),
    ];
    let server = Server::start(binary(), &["serve"], &environment).await;
    let answer = server.ask(&[], &json!({ "query": NOTES })).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_discreet(&answer.body, "INTERNAL", &["words of a program", "before_source", "space.rs"]);
    server.logged("words of a program").await;
    assert_eq!(server.graphql("{ __typename }", Value::Null).await["data"], json!({ "__typename": "Query" }));
}
