//! Where changes come from.

use sea_orm::sqlx::{AssertSqlSafe, Connection, PgConnection, raw_sql};
use tidewater_changelog::{ChangeSource, Origin, Poll};

use crate::fixture::Fixture;

async fn origins(fixture: &mut Fixture) -> Vec<Origin> {
    match fixture.log.poll().await.unwrap() {
        Poll::Continued { changes, origins, .. } => {
            assert_eq!(changes.len(), origins.len());
            origins
        }
        Poll::Restarted { generation, .. } => panic!("started over, in generation {generation}"),
    }
}

#[tokio::test]
async fn on_postgres_changes_tell_their_transaction_and_what_the_writer_calls_itself() {
    let mut fixture = Fixture::postgres().await;
    let mut writer = PgConnection::connect(fixture.database.url()).await.unwrap();
    let write = "SET application_name = 'an importer'; BEGIN; INSERT INTO todo (id) VALUES (1), (2); COMMIT";
    raw_sql(AssertSqlSafe(write)).execute(&mut writer).await.unwrap();
    let write = "SET application_name = ''; INSERT INTO todo (id) VALUES (3)";
    raw_sql(AssertSqlSafe(write)).execute(&mut writer).await.unwrap();
    let [first, second, third] = <[Origin; 3]>::try_from(origins(&mut fixture).await).unwrap();
    assert_eq!((first.writer.as_deref(), second.writer.as_deref()), (Some("an importer"), Some("an importer")));
    assert_eq!(third.writer, None, "who has no name has none");
    assert!(first.transaction.is_some() && first.transaction == second.transaction);
    assert!(third.transaction > second.transaction);
    assert!(first.sequence < second.sequence && second.sequence < third.sequence);
}

#[tokio::test]
async fn on_sqlite_changes_tell_their_number_only() {
    let mut fixture = Fixture::sqlite().await;
    fixture.sql("INSERT INTO todo (id) VALUES (1), (2)").await;
    let [first, second] = <[Origin; 2]>::try_from(origins(&mut fixture).await).unwrap();
    assert_eq!((first.transaction, first.writer), (None, None));
    assert_eq!(second.sequence, first.sequence + 1);
}
