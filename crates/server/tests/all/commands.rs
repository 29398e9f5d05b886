use sea_orm::{ConnectionTrait, Statement};
use tempfile::TempDir;
use tidewater_testkit::{Backend, TestDatabase, on_each_backend};

use crate::fixture::{fail, seeded, succeed};

#[tokio::test]
async fn the_schema_is_printed_without_a_database() {
    let schema = succeed(&["schema"], &[("DATABASE_URL", "postgres://127.0.0.1:1/nothing")]).await;
    assert!(schema.contains("type Query"), "{schema}");
    assert!(schema.ends_with('\n'));
}

#[tokio::test]
async fn the_schema_is_compared_with_a_file() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("schema.graphql").display().to_string();
    let schema = succeed(&["schema"], &[]).await;
    std::fs::write(&path, &schema).unwrap();
    succeed(&["schema", "--check", &path], &[]).await;

    std::fs::write(&path, schema.replacen("type Query", "type Question", 1)).unwrap();
    let (code, sentence) = fail(&["schema", "--check", &path], &[]).await;
    assert_eq!(code, 1);
    assert!(sentence.contains("`type Question") && sentence.contains("is served as `type Query"), "{sentence}");

    let (code, sentence) = fail(&["schema", "--check"], &[]).await;
    assert_eq!(code, 1);
    assert!(sentence.starts_with("schema.graphql cannot be read"), "{sentence}");
}

#[tokio::test]
async fn the_kept_schema_is_the_one_that_is_served() {
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schema.graphql");
    succeed(&["schema", "--check", kept], &[]).await;
}

on_each_backend! {
    async fn the_schema_of_the_database_goes_up_and_down(backend) {
        let database = backend.database().await;
        let environment = [("DATABASE_URL", database.url())];
        let before = succeed(&["migrate", "status"], &environment).await;
        assert!(before.lines().count() > 1 && before.lines().all(|line| line.starts_with("pending ")), "{before}");

        let up = succeed(&["migrate", "up"], &environment).await;
        assert!(!up.contains("pending") && up.ends_with("change log: as declared\n"), "{up}");
        assert_eq!(succeed(&["migrate", "up"], &environment).await, up);

        let down = succeed(&["migrate", "down"], &environment).await;
        assert_eq!(down.lines().filter(|line| line.starts_with("pending ")).count(), 1, "{down}");
        assert_eq!(succeed(&["migrate", "status"], &environment).await, down);
    }

    async fn seeding_makes_what_is_asked_for(backend) {
        let database = backend.database().await;
        let environment = [("DATABASE_URL", database.url())];
        let arguments = ["seed", "--users", "4", "--todos", "10", "--notes", "6"];
        let (code, sentence) = fail(&arguments, &environment).await;
        assert_eq!(code, 1);
        assert!(sentence.contains("not migrated"), "{sentence}");

        succeed(&["migrate", "up"], &environment).await;
        let printed = succeed(&arguments, &environment).await;
        assert!(printed.contains("4 users, 10 todos, 6 notes"), "{printed}");
        assert!(printed.contains("user4@example.test") && printed.contains("`tidewater`"), "{printed}");
        for (table, expected) in [("\"user\"", 4), ("todo", 10), ("note", 6)] {
            assert_eq!(count(&database, table).await, expected, "{table}");
        }
    }
}

#[tokio::test]
async fn a_database_is_seeded_once() {
    let database = seeded(Backend::Sqlite).await;
    let (code, sentence) = fail(&["seed"], &[("DATABASE_URL", database.url())]).await;
    assert_eq!(code, 1);
    assert!(sentence.contains("already"), "{sentence}");
}

async fn count(database: &TestDatabase, table: &str) -> i64 {
    let connection = database.connect().await;
    let query = format!("SELECT count(*) AS rows FROM {table}");
    let row = connection.query_one_raw(Statement::from_string(connection.get_database_backend(), query)).await;
    let count = row.unwrap().unwrap().try_get("", "rows").unwrap();
    connection.close().await.unwrap();
    count
}
