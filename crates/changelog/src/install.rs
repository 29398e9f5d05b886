use std::time::Duration;

use sea_orm::{DatabaseConnection, DatabaseConnectionType};

use crate::{Error, Tracking, postgres, sqlite, within};

const INSTALL_TIMEOUT: Duration = Duration::from_secs(300);
const VERIFY_TIMEOUT: Duration = Duration::from_secs(20);

/// Makes the database log what `tracking` declares: its tables, triggers and, on PostgreSQL, functions.
///
/// One transaction. Where everything is as declared it changes nothing and waits for no writer; triggers of tables that are
/// no longer declared are dropped. A table whose triggers are made or repaired is logged as changed as a whole, so whatever
/// went unlogged before is covered. On PostgreSQL it waits at most 30 s for a table's running writers;
/// all of it takes at most 5 minutes.
///
/// # Errors
/// [`Error::Declaration`] when a declared table, column or kind does not fit the database; nothing is changed then.
pub async fn install(database: &DatabaseConnection, tracking: &[Tracking]) -> Result<(), Error> {
    check(tracking)?;
    match &database.inner {
        DatabaseConnectionType::SqlxPostgresPoolConnection(_) => {
            within(INSTALL_TIMEOUT, postgres::install(database.get_postgres_connection_pool(), tracking)).await
        }
        DatabaseConnectionType::SqlxSqlitePoolConnection(_) => {
            within(INSTALL_TIMEOUT, sqlite::install(database.get_sqlite_connection_pool(), tracking)).await
        }
        _ => Err(unsupported(database)),
    }
}

/// Removes everything that [`install`] made, in one transaction. Without effect where nothing is installed.
///
/// # Errors
/// [`Error::Database`] when the user may not drop what another one made.
pub async fn uninstall(database: &DatabaseConnection) -> Result<(), Error> {
    match &database.inner {
        DatabaseConnectionType::SqlxPostgresPoolConnection(_) => {
            within(INSTALL_TIMEOUT, postgres::uninstall(database.get_postgres_connection_pool())).await
        }
        DatabaseConnectionType::SqlxSqlitePoolConnection(_) => {
            within(INSTALL_TIMEOUT, sqlite::uninstall(database.get_sqlite_connection_pool())).await
        }
        _ => Err(unsupported(database)),
    }
}

/// Compares what is installed with what [`install`] would make from `tracking` now. Changes nothing, and takes at most
/// 20 s.
///
/// # Errors
/// [`Error::Different`] names the first table that differs and how: a trigger is missing, disabled, or not what it was, a
/// column was added, the log's own tables are missing. [`Error::Declaration`] when a declaration does not fit the database.
pub async fn verify(database: &DatabaseConnection, tracking: &[Tracking]) -> Result<(), Error> {
    check(tracking)?;
    match &database.inner {
        DatabaseConnectionType::SqlxPostgresPoolConnection(_) => {
            within(VERIFY_TIMEOUT, postgres::verify(database.get_postgres_connection_pool(), tracking)).await
        }
        DatabaseConnectionType::SqlxSqlitePoolConnection(_) => {
            within(VERIFY_TIMEOUT, sqlite::verify(database.get_sqlite_connection_pool(), tracking)).await
        }
        _ => Err(unsupported(database)),
    }
}

pub(crate) fn unsupported(database: &DatabaseConnection) -> Error {
    Error::Backend(format!("{:?}", database.get_database_backend()))
}

/// PostgreSQL cuts identifiers at 63 bytes, and the longest one made from a table's name adds 19.
const TABLE_NAME_BYTES: usize = 44;

fn check(tracking: &[Tracking]) -> Result<(), Error> {
    for (index, declared) in tracking.iter().enumerate() {
        let table = declared.table;
        if table.is_empty() || table.len() > TABLE_NAME_BYTES {
            return Err(Error::declaration(table, format!("its name must have 1 to {TABLE_NAME_BYTES} bytes")));
        }
        if table.starts_with("tidewater_") {
            return Err(Error::declaration(table, "names that begin with `tidewater_` are the change log's own"));
        }
        if declared.key.is_empty() {
            return Err(Error::declaration(table, "no key column is declared"));
        }
        if tracking.iter().take(index).any(|other| other.table == table) {
            return Err(Error::declaration(table, "it is declared twice"));
        }
        for (position, column) in declared.columns().enumerate() {
            if declared.columns().take(position).any(|other| other.name == column.name) {
                return Err(Error::declaration(table, format!("column `{}` is declared twice", column.name)));
            }
        }
    }
    Ok(())
}
