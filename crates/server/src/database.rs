//! The database: opened, and brought to the schema that this program works on.

use sea_orm::DatabaseConnection;
use tidewater_changelog::Tracking;
use tidewater_graphql::WriterName;

use crate::configuration::DatabaseConfiguration;
use crate::demo;
use crate::error::{Error, one_line};

/// Opens the pool. One connection is made at once, so that a database out of reach is known here.
pub(crate) async fn connect(configuration: &DatabaseConfiguration) -> Result<DatabaseConnection, Error> {
    connect_as(configuration, &WriterName::new()).await
}

/// The same, where what the process writes is known as its own.
pub(crate) async fn connect_as(
    configuration: &DatabaseConfiguration,
    writer: &WriterName,
) -> Result<DatabaseConnection, Error> {
    let size = u32::try_from(configuration.pool).unwrap_or(u32::MAX);
    let connecting = tidewater_entity::connect_as(configuration.url.as_str(), size, Some(writer.as_str()));
    connecting.await.map_err(|error| match error {
        tidewater_entity::Error::Url(_) => Error::Configuration(format!("DATABASE_URL: {}", one_line(&error))),
        _ => Error::Database(one_line(&error)),
    })
}

/// Makes sure that the schema is complete and the triggers are as declared.
///
/// An SQLite file belongs to this server, so pending migrations are applied. Other programs may depend on a PostgreSQL database,
/// so there it takes `--migrate`. Triggers that differ are mended on that request only: whatever they let slip in between,
/// somebody should know of.
pub(crate) async fn prepare(
    database: &DatabaseConnection,
    configuration: &DatabaseConfiguration,
    tracking: &[Tracking],
) -> Result<(), Error> {
    let steps = tidewater_migration::status(database).await.map_err(migration_failed)?;
    let is_new = steps.iter().all(|(_, applied)| !applied);
    let is_pending = steps.iter().any(|(_, applied)| !applied);
    if configuration.migrate || (is_pending && configuration.url.is_sqlite()) {
        tidewater_migration::migrate_up(database, tracking, None).await.map_err(migration_failed)?;
        if is_new && !configuration.no_demo {
            match demo::plant(database, demo::SMALL, |_, _, _| {}).await {
                // Of several processes that start at once, one was faster.
                Ok(_) | Err(Error::Seeded) => {}
                Err(error) => return Err(error),
            }
            tracing::warn!("the database was new and has got a small demo: {}", demo::sign_in_data(demo::SMALL.users));
        }
    } else if is_pending {
        return Err(Error::Unmigrated);
    }
    tidewater_changelog::verify(database, tracking).await.map_err(|error| Error::ChangeLog(one_line(&error)))
}

/// The names of the migrations that are not applied.
pub(crate) async fn pending(database: &DatabaseConnection) -> Result<Vec<String>, Error> {
    tidewater_migration::pending(database).await.map_err(migration_failed)
}

/// What a migration's failure is to the one who started the program.
pub(crate) fn migration_failed(error: tidewater_migration::Error) -> Error {
    Error::Migration(one_line(&error))
}
