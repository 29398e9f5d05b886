use sea_orm::DatabaseConnection;
use tidewater_entity::{connect, tracking};
use tidewater_migration::migrate_up;
use tidewater_testkit::{Backend, TestDatabase};

/// A database with the schema and no rows.
pub(crate) struct Migrated {
    /// A pool as the server opens it.
    pub(crate) connection: DatabaseConnection,
    /// The database that it is connected to.
    pub(crate) database: TestDatabase,
}

impl Migrated {
    pub(crate) async fn new(backend: Backend) -> Self {
        let database = backend
            .database_from_template("migrated", async |url: String| {
                let connection = connect(&url, 1).await.unwrap();
                migrate_up(&connection, &tracking(), None).await.unwrap();
                connection.close().await.unwrap();
            })
            .await;
        Self { connection: connect(database.url(), 4).await.unwrap(), database }
    }
}
