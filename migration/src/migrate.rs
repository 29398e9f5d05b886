use sea_orm_migration::sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, RuntimeErr, SqliteTransactionMode,
    TransactionOptions, TransactionTrait, sqlx,
};
use sea_orm_migration::{DbErr, MigrationStatus, MigratorTrait, SchemaManager};
use tidewater_changelog::Tracking;

use crate::{Error, Migrator};

/// Who holds it migrates. Released by PostgreSQL when the transaction ends, however it ends.
const ADVISORY_LOCK: i64 = 0x7469_6465_0000_0001;

/// Applies the pending migrations, `steps` of them or all, then installs the change log for those tables of `tracking` that
/// are there. Changes nothing where there is nothing to do.
///
/// All or nothing: the migrations are one transaction. Of processes that call it at once, one migrates and the others wait,
/// for a minute on PostgreSQL and for the connection's busy timeout on SQLite, and then find nothing pending.
pub async fn migrate_up(database: &DatabaseConnection, tracking: &[Tracking], steps: Option<u32>) -> Result<(), Error> {
    let transaction = begin(database).await?;
    Migrator::up(&transaction, steps).await.map_err(refused)?;
    transaction.commit().await.map_err(refused)?;

    let schema = SchemaManager::new(database);
    let mut present = Vec::with_capacity(tracking.len());
    for table in tracking {
        if schema.has_table(table.table).await.map_err(refused)? {
            present.push(*table);
        }
    }
    tidewater_changelog::install(database, &present).await?;
    Ok(())
}

/// Takes back `steps` applied migrations, or all, the newest first; with them go their tables' rows.
///
/// The change log is removed first, with its history: what is left of the schema is not one that is served, and triggers
/// would outlive their tables. [`migrate_up`] installs it again, as a new generation. Takes turns like [`migrate_up`].
pub async fn migrate_down(database: &DatabaseConnection, steps: Option<u32>) -> Result<(), Error> {
    if steps == Some(0) || status(database).await?.iter().all(|(_, applied)| !applied) {
        return Ok(());
    }
    tidewater_changelog::uninstall(database).await?;
    let transaction = begin(database).await?;
    Migrator::down(&transaction, steps).await.map_err(refused)?;
    if Migrator::get_applied_migrations(&transaction).await.map_err(refused)?.is_empty() {
        Migrator::uninstall(&transaction).await.map_err(refused)?;
    }
    transaction.commit().await.map_err(refused)
}

/// Every migration's name, oldest first, and whether it is applied. Changes nothing.
pub async fn status(database: &DatabaseConnection) -> Result<Vec<(String, bool)>, Error> {
    let migrations = Migrator::get_migration_with_status_read_only(database).await.map_err(refused)?;
    Ok(migrations
        .iter()
        .map(|migration| (migration.name().to_owned(), migration.status() == MigrationStatus::Applied))
        .collect())
}

/// The names of the migrations that are not applied, oldest first. Changes nothing.
pub async fn pending(database: &DatabaseConnection) -> Result<Vec<String>, Error> {
    let names = status(database).await?.into_iter().filter_map(|(name, applied)| (!applied).then_some(name));
    Ok(names.collect())
}

/// A transaction that nobody else migrates beside.
async fn begin(database: &DatabaseConnection) -> Result<DatabaseTransaction, Error> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let transaction = database.begin_with_options(options).await.map_err(refused)?;
    if transaction.get_database_backend() == DbBackend::Postgres {
        // A migration may take longer than any statement of a request is allowed to; waiting for others may not.
        let statements = format!(
            "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '60s'; \
             SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"
        );
        transaction.execute_unprepared(&statements).await.map_err(refused)?;
    }
    Ok(transaction)
}

fn refused(error: DbErr) -> Error {
    match error {
        DbErr::Custom(text) => Error::Newer(text),
        error if is_busy(&error) => Error::Busy,
        error => Error::Database(error),
    }
}

/// Whether the database gave up waiting for a lock: `lock_not_available` on PostgreSQL, `SQLITE_BUSY` on SQLite.
fn is_busy(error: &DbErr) -> bool {
    let (DbErr::Conn(RuntimeErr::SqlxError(error))
    | DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))) = error
    else {
        return false;
    };
    let sqlx::Error::Database(error) = &**error else { return false };
    matches!(error.code().as_deref(), Some("55P03" | "5"))
}
