use sea_orm_migration::DbErr;

/// Why a database could not be migrated. Nothing was changed, unless it is said so.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process holds the database, and kept it for longer than this one waits.
    #[error("the database is being migrated by another process, or its tables are in use; try again")]
    Busy,
    /// Migrations were applied that this program does not know.
    #[error("the database was migrated by a newer version of this program: {0}")]
    Newer(String),
    /// The change log could not be installed or removed. The tables are as asked for.
    #[error(transparent)]
    ChangeLog(#[from] tidewater_changelog::Error),
    /// The database refused a statement or could not be reached.
    #[error("the database cannot be migrated: {0}")]
    Database(#[source] DbErr),
}
