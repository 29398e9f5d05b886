//! What the tests share: the binary, and databases that are migrated and filled.

use std::path::Path;
use std::process::Output;
use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use serde_json::{Value, json};
use tidewater_testkit::{Backend, Server, TestDatabase, TestRedis, run};
use tokio::time::{Instant, sleep};

/// The environment of a process.
pub(crate) type Environment<'a> = [(&'a str, &'a str)];

/// For servers over a Redis with which nothing is wrong, so that a command which is late on a busy machine is none that failed.
pub(crate) const PATIENT: (&str, &str) = ("TIDEWATER_REDIS_TIMEOUT", "1s");

/// What belongs into a log, and not into an answer.
pub(crate) const INTERNALS: [&str; 17] = [
    "Some(",
    "None,",
    "Error {",
    "Err(",
    "Ok(",
    "Os {",
    "serde",
    "panicked",
    "backtrace",
    "SELECT ",
    "INSERT ",
    "sqlx",
    "SQLSTATE",
    "/src/",
    ".rs:",
    "/tmp/",
    "expected struct",
];

pub(crate) fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_tidewater"))
}

/// A migrated database with three users, nine todos and six notes.
pub(crate) async fn seeded(backend: Backend) -> TestDatabase {
    backend.database_from_template("server", async |url: String| prepare(&url).await).await
}

/// Migrates and fills the empty database at `url`.
pub(crate) async fn prepare(url: &str) {
    let environment = [("DATABASE_URL", url)];
    succeed(&["migrate", "up"], &environment).await;
    succeed(&["seed", "--users", "3", "--todos", "9", "--notes", "6"], &environment).await;
}

/// Starts the server on `database`.
pub(crate) async fn start(database: &TestDatabase, arguments: &[&str]) -> Server {
    Server::start(binary(), &[&["serve"], arguments].concat(), &[("DATABASE_URL", database.url())]).await
}

/// Starts the server on `database`, with `redis` in front if there is one.
pub(crate) async fn start_over(database: &TestDatabase, redis: Option<&TestRedis>) -> Server {
    let redis = redis.map(|redis| (redis.url(), redis.prefix().to_owned()));
    let mut environment = vec![("DATABASE_URL", database.url()), PATIENT];
    if let Some((url, prefix)) = &redis {
        environment.extend([("REDIS_URL", url.as_str()), ("TIDEWATER_REDIS_KEY_PREFIX", prefix.as_str())]);
    }
    Server::start(binary(), &["serve"], &environment).await
}

/// A seeded SQLite file and a server on it. The file is there for as long as the first of them.
pub(crate) async fn on_sqlite(arguments: &[&str]) -> (TestDatabase, Server) {
    let database = seeded(Backend::Sqlite).await;
    let server = start(&database, arguments).await;
    (database, server)
}

/// Runs a command that must succeed, and returns its standard output.
pub(crate) async fn succeed(arguments: &[&str], environment: &Environment<'_>) -> String {
    let Output { status, stdout, stderr } = run(binary(), arguments, environment).await;
    assert!(status.success(), "{arguments:?}: {status}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

/// Runs a command that must fail, and returns its exit code and the one sentence that it says why.
pub(crate) async fn fail(arguments: &[&str], environment: &Environment<'_>) -> (i32, String) {
    let Output { status, stdout, stderr } = run(binary(), arguments, environment).await;
    sentence(status.code(), &stdout, &stderr)
}

/// Checks that a failed program said nothing but one line that is meant for people.
pub(crate) fn sentence(code: Option<i32>, stdout: &[u8], stderr: &[u8]) -> (i32, String) {
    let (stdout, stderr) = (String::from_utf8_lossy(stdout), String::from_utf8_lossy(stderr));
    assert_eq!(stdout, "", "standard output of a failure");
    assert_eq!(stderr.lines().count(), 1, "not one line: {stderr}");
    let sentence = stderr.trim_end().strip_prefix("tidewater: ").unwrap_or_else(|| panic!("{stderr}"));
    for internal in ["panicked", "RUST_BACKTRACE", "Error {", "Some(", "Os {", "SqlxError"] {
        assert!(!sentence.contains(internal), "{sentence}");
    }
    (code.unwrap(), sentence.to_owned())
}

/// Signs the seeded user of that number in, and returns the token.
pub(crate) async fn sign_in(server: &Server, user: u32) -> String {
    let query = "mutation($input: SignInInput!) { signIn(input: $input) { token } }";
    let answer = server.graphql(query, credentials(user)).await;
    answer["data"]["signIn"]["token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// The variables of a sign-in as the seeded user of that number.
pub(crate) fn credentials(user: u32) -> Value {
    json!({ "input": { "email": format!("user{user}@example.test"), "password": "tidewater" } })
}

/// Waits until `condition` holds, as things outside the process do in their own time.
pub(crate) async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !condition().await {
        assert!(Instant::now() < deadline, "still not: {what}");
        sleep(Duration::from_millis(10)).await;
    }
}

/// Waits until `count` statements on this PostgreSQL database wait for a lock.
pub(crate) async fn wait_for_blocked(database: &DatabaseConnection, count: i64) {
    let query = "SELECT count(*) AS blocked FROM pg_stat_activity \
                 WHERE datname = current_database() AND wait_event_type = 'Lock'";
    eventually("statements wait for a lock", async || {
        let row = database.query_one_raw(Statement::from_string(database.get_database_backend(), query)).await;
        row.unwrap().unwrap().try_get::<i64>("", "blocked").unwrap() >= count
    })
    .await;
}
