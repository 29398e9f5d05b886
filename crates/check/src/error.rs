/// Why a check could not be run. Displays as one sentence.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting cannot be used.
    #[error("{0}")]
    Settings(String),
    /// A server does not answer.
    #[error("{url} cannot be asked: {reason}")]
    Unreachable {
        /// The server.
        url: String,
        /// Why.
        reason: String,
    },
    /// Two servers have different schemas.
    #[error("{url} does not serve the same schema as {first}")]
    OtherSchema {
        /// The server that differs.
        url: String,
        /// The server that it differs from.
        first: String,
    },
    /// Two servers have different databases.
    #[error("{url} does not serve the same database as {first}")]
    OtherDatabase {
        /// The server that differs.
        url: String,
        /// The server that it differs from.
        first: String,
    },
    /// The database that was given is not the one that is served.
    #[error("the database that was given is not the one that {0} serves")]
    NotServed(String),
    /// The database cannot be asked.
    #[error("the database cannot be asked: {0}")]
    Database(String),
    /// An account or the first rows could not be made.
    #[error("the rows to check on cannot be made: {0}")]
    Preparation(String),
}

impl Error {
    /// The exit code of a check that could not be run.
    pub const EXIT_CODE: u8 = 2;
}
