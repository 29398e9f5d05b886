use sea_orm::sqlx;

use crate::PollError;

/// Why the change log could not be installed, verified, opened or pruned.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database did not answer in time or not at all; asking again may help.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// The server is a standby, where nothing can be installed and marks are not exact.
    #[error("the database is a standby; connect to the primary")]
    Standby,
    /// The connection is neither to PostgreSQL nor to SQLite, or the URL is of neither.
    #[error("a change log needs PostgreSQL or SQLite, not {0}")]
    Backend(String),
    /// The URL of the database cannot be read.
    #[error("the database URL is not valid: {0}")]
    Url(String),
    /// A declaration does not fit the database: correct the declaration, or the table.
    #[error("table `{table}` cannot be tracked: {what}")]
    Declaration {
        /// The declared table.
        table: String,
        /// What does not fit.
        what: String,
    },
    /// What is installed is not what is declared; [`crate::install`] repairs it.
    #[error("the change log is not as declared: `{table}` {what}; run `tidewater migrate up`")]
    Different {
        /// The tracked table, or the table of the change log itself.
        table: String,
        /// How it differs.
        what: String,
    },
    /// The database refused a statement.
    #[error("the database refused: {0}")]
    Database(#[source] sqlx::Error),
}

/// The PostgreSQL error codes after which another attempt may succeed: connection failures, too few resources, a statement
/// that ran out of time, a server that starts or stops.
const PASSING: [&str; 4] = ["08", "53", "57", "58"];
const UNDEFINED_TABLE: &str = "42P01";

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(refusal) => {
                let code = refusal.code().unwrap_or_default();
                if PASSING.iter().any(|class| code.len() == 5 && code.starts_with(class)) {
                    Self::Unreachable(error.to_string())
                } else if code == UNDEFINED_TABLE || refusal.message().starts_with("no such table: tidewater_") {
                    Self::Different { table: "tidewater_change".to_owned(), what: format!("is incomplete: {refusal}") }
                } else {
                    Self::Database(error)
                }
            }
            sqlx::Error::Configuration(reason) => Self::Url(reason.to_string()),
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unreachable(error.to_string()),
            _ => Self::Database(error),
        }
    }
}

impl From<Error> for PollError {
    fn from(error: Error) -> Self {
        match error {
            Error::Unreachable(reason) => Self::Unreachable(reason),
            unusable => Self::Unusable(unusable.to_string()),
        }
    }
}

impl Error {
    pub(crate) fn declaration(table: &str, what: impl Into<String>) -> Self {
        Self::Declaration { table: table.to_owned(), what: what.into() }
    }

    pub(crate) fn different(table: &str, what: impl Into<String>) -> Self {
        Self::Different { table: table.to_owned(), what: what.into() }
    }
}
