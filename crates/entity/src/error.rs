use sea_orm::DbErr;

/// Why the database could not be opened or filled.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The URL names no database that can be used. Never holds the URL, which may hold a password.
    #[error("the database URL cannot be used: {0}")]
    Url(String),
    /// The database did not let anybody in.
    #[error("the database {database} cannot be reached: {reason}")]
    Unreachable {
        /// Which database: its host, port and name, or its file.
        database: String,
        /// What came instead of a connection.
        reason: String,
    },
    /// Rows of a [`crate::seed::Plan`] cannot be told from rows that are there.
    #[error("demo data is in this database already; seed an empty one")]
    Seeded,
    /// A [`crate::seed::Plan`] asks for what cannot be.
    #[error("todos and notes need users who own them: ask for at least one user")]
    Ownerless,
    /// The database refused a statement, or was lost.
    #[error("the database failed: {0}")]
    Database(#[from] DbErr),
}
