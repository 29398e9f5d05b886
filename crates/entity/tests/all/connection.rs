use sea_orm::{ConnectionTrait, Statement, TransactionTrait};
use tidewater_entity::{Error, connect};
use tidewater_testkit::TestDatabase;

const PASSWORD: &str = "correct-horse";

async fn refusal(url: &str) -> String {
    let error = connect(url, 1).await.unwrap_err();
    for text in [error.to_string(), format!("{error:?}")] {
        assert!(!text.contains(PASSWORD), "shows the password: {text}");
    }
    error.to_string()
}

/// The URL of the test server with another user, password and port.
fn altered(url: &str, account: &str, port: Option<u16>) -> String {
    let (_, rest) = url.split_once('@').unwrap_or_else(|| url.split_once("://").unwrap());
    let (authority, path) = rest.split_once('/').unwrap();
    let authority = match port {
        Some(port) => format!("127.0.0.1:{port}"),
        None => authority.to_owned(),
    };
    format!("postgres://{account}@{authority}/{path}")
}

#[tokio::test]
async fn a_url_of_no_database_is_refused_by_what_is_wrong_with_it() {
    for (url, reason) in [
        ("", "neither"),
        ("mysql://root:correct-horse@localhost/x", "neither"),
        ("postgres://u:correct-horse@localhost:port/x", "port"),
        ("postgres://u:correct-horse@localhost/x?sslmode=maybe", "maybe"),
        ("sqlite::memory:", "file"),
        ("sqlite://x.db?mode=memory", "file"),
        ("sqlite://x.db?speed=high", "speed"),
    ] {
        assert!(matches!(connect(url, 1).await, Err(Error::Url(_))), "{url}");
        let sentence = refusal(url).await;
        assert!(sentence.contains(reason), "{url}: {sentence}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let sentence = refusal(&altered("postgres://x@localhost/shop", "u:correct-horse", Some(closed))).await;
    assert!(sentence.contains(&format!("shop at 127.0.0.1:{closed}")), "{sentence}");
    assert!(sentence.contains("refused"), "{sentence}");
}

#[tokio::test]
async fn a_user_whom_the_server_does_not_know_is_named() {
    let database = TestDatabase::postgres().await;
    let sentence = refusal(&altered(database.url(), "nobody:correct-horse", None)).await;
    assert!(sentence.contains("nobody"), "{sentence}");
}

#[tokio::test]
async fn a_file_in_a_missing_folder_is_named() {
    let sentence = refusal("sqlite://missing/folder/x.db").await;
    assert!(sentence.contains("missing/folder/x.db"), "{sentence}");
}

#[tokio::test]
async fn statements_on_postgres_end_after_ten_seconds() {
    let database = TestDatabase::postgres().await;
    let connection = connect(database.url(), 1).await.unwrap();
    assert_eq!(setting(&connection, "SHOW statement_timeout").await, "10s");
    assert_eq!(setting(&connection, "SHOW application_name").await, "tidewater");
}

#[tokio::test]
async fn every_connection_to_sqlite_is_durable_and_checks_foreign_keys() {
    let database = TestDatabase::sqlite().await;
    let connection = connect(database.url(), 2).await.unwrap();
    let (one, two) = (connection.begin().await.unwrap(), connection.begin().await.unwrap());
    for connection in [one, two] {
        assert_eq!(setting(&connection, "SELECT * FROM pragma_journal_mode").await, "wal");
        assert_eq!(setting(&connection, "SELECT CAST(foreign_keys AS text) FROM pragma_foreign_keys").await, "1");
        assert_eq!(setting(&connection, "SELECT CAST(synchronous AS text) FROM pragma_synchronous").await, "2");
        assert_eq!(setting(&connection, "SELECT CAST(timeout AS text) FROM pragma_busy_timeout").await, "5000");
    }
}

#[tokio::test]
async fn an_sqlite_file_is_created_where_none_is() {
    let database = TestDatabase::sqlite().await;
    let beside = database.url().split('?').next().unwrap().replace(".", "-beside.");
    let connection = connect(&beside, 1).await.unwrap();
    connection.execute_unprepared("CREATE TABLE t (x int)").await.unwrap();
    connection.close().await.unwrap();
    let again = connect(&beside, 1).await.unwrap();
    assert!(again.execute_unprepared("CREATE TABLE t (x int)").await.is_err(), "the table is there");
    again.close().await.unwrap();
}

async fn setting(connection: &impl ConnectionTrait, query: &str) -> String {
    let statement = Statement::from_string(connection.get_database_backend(), query);
    connection.query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}
