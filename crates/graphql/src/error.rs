use std::sync::Arc;

use async_graphql::ErrorExtensionValues;
use sea_orm::{DbErr, RuntimeErr, SqlErr, sqlx};
use tidewater_cache::{GateError, ReadError};
use tidewater_entity::cause;
use tidewater_limit::Exceeded;

/// Why a request, or a part of it, has no answer. What a client is told; causes that are none of its business are logged once,
/// where they are met, and never sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// `BAD_USER_INPUT`: an argument is not acceptable.
    BadUserInput {
        /// The input field or argument.
        field: String,
        /// What is wrong with it.
        message: String,
    },
    /// `UNAUTHENTICATED`: nobody is signed in, or the credentials are wrong.
    Unauthenticated(&'static str),
    /// `FORBIDDEN`: the viewer may see this but not do that.
    Forbidden(&'static str),
    /// `NOT_FOUND`: there is no such thing, or the viewer may not see it.
    NotFound(&'static str),
    /// `CONFLICT`: what is in the database already stands against it.
    Conflict {
        /// The input field, if one is at fault.
        field: Option<&'static str>,
        /// What stands against it.
        message: String,
    },
    /// `RATE_LIMITED`: the caller asked for more than is allowed; later may do.
    RateLimited(Exceeded),
    /// `TIMEOUT`: the request took longer than it may.
    Timeout,
    /// `UNAVAILABLE`: the database cannot be asked, or too much is asked at once; later may do.
    Unavailable,
    /// `FELL_BEHIND`: a subscription was ended because its client was too slow to take what happened. What happened since is lost to
    /// it; subscribe again and read again.
    FellBehind,
    /// `INTERRUPTED`: a subscription was ended because it is not known what happened. Subscribe again and read again.
    Interrupted,
    /// `INTERNAL`: a fault of the server.
    Internal,
}

/// Gives each error its code.
macro_rules! codes {
    ($($error:pat => $code:literal,)*) => {
        impl Error {
            /// All codes, in the order of their declaration.
            pub(crate) const CODES: [&str; [$($code),*].len()] = [$($code),*];

            /// The value of `extensions.code`.
            pub fn code(&self) -> &'static str {
                match self {
                    $($error => $code,)*
                }
            }
        }
    };
}

codes! {
    Self::BadUserInput { .. } => "BAD_USER_INPUT",
    Self::Unauthenticated(_) => "UNAUTHENTICATED",
    Self::Forbidden(_) => "FORBIDDEN",
    Self::NotFound(_) => "NOT_FOUND",
    Self::Conflict { .. } => "CONFLICT",
    Self::RateLimited(_) => "RATE_LIMITED",
    Self::Timeout => "TIMEOUT",
    Self::Unavailable => "UNAVAILABLE",
    Self::FellBehind => "FELL_BEHIND",
    Self::Interrupted => "INTERRUPTED",
    Self::Internal => "INTERNAL",
}

impl Error {
    /// An argument is not acceptable.
    pub fn bad_user_input(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::BadUserInput { field: field.into(), message: message.into() }
    }

    /// Logs `cause` and keeps it from the client.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "internal error");
        Self::Internal
    }

    fn field(&self) -> Option<&str> {
        match self {
            Self::BadUserInput { field, .. } => Some(field),
            Self::Conflict { field, .. } => *field,
            _ => None,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::BadUserInput { message, .. } | Self::Conflict { message, .. } => message.clone(),
            Self::Unauthenticated(message) | Self::Forbidden(message) => (*message).to_owned(),
            Self::NotFound(what) => format!("there is no such {what}"),
            Self::RateLimited(exceeded) => exceeded.to_string(),
            Self::Timeout => "the request took too long".to_owned(),
            Self::Unavailable => "cannot be answered now; try again later".to_owned(),
            Self::FellBehind => "more happened than was taken in time; subscribe again and read again".to_owned(),
            Self::Interrupted => "it is not known what happened meanwhile; subscribe again and read again".to_owned(),
            Self::Internal => "internal error".to_owned(),
        }
    }
}

impl From<Error> for async_graphql::Error {
    fn from(error: Error) -> Self {
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", error.code());
        if let Some(field) = error.field() {
            extensions.set("field", field);
        }
        if let Error::RateLimited(exceeded) = &error {
            extensions.set("retryAfter", exceeded.retry_after_seconds());
        }
        Self { extensions: Some(extensions), ..Self::new(error.message()) }
    }
}

impl From<Error> for async_graphql::ServerError {
    /// An error of the request as a whole.
    fn from(error: Error) -> Self {
        let async_graphql::Error { message, extensions, .. } = error.into();
        Self { extensions, ..Self::new(message, None) }
    }
}

impl From<Exceeded> for Error {
    fn from(exceeded: Exceeded) -> Self {
        Self::RateLimited(exceeded)
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        match (error.sql_err(), &error) {
            (Some(SqlErr::UniqueConstraintViolation(_)), _) => {
                Self::Conflict { field: None, message: "it exists already".to_owned() }
            }
            (Some(SqlErr::ForeignKeyConstraintViolation(_)), _) => {
                Self::Conflict { field: None, message: "what it refers to is gone".to_owned() }
            }
            // SQLite: busy, locked, busy in a snapshot. PostgreSQL: a lock or the statement took too long.
            _ if matches!(code(&error).as_deref(), Some("5" | "6" | "517" | "55P03" | "57014")) => Self::Unavailable,
            // PostgreSQL: serialization failure, deadlock.
            _ if matches!(code(&error).as_deref(), Some("40001" | "40P01")) => {
                Self::Conflict { field: None, message: "it was being changed at the same time; try again".to_owned() }
            }
            _ if is_lost(&error) => {
                tracing::warn!(cause = cause(&error), "the database cannot be reached");
                Self::Unavailable
            }
            _ => Self::internal(cause(&error)),
        }
    }
}

/// What the driver says of an error of a statement.
fn driver(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => Some(error),
        _ => None,
    }
}

/// The code that the database gives its error.
fn code(error: &DbErr) -> Option<String> {
    driver(error)?.as_database_error()?.code().map(Into::into)
}

/// Whether the connection could not be made, or was lost: PostgreSQL shuts down or ends it, or it broke.
pub(crate) fn is_lost(error: &DbErr) -> bool {
    let broken =
        matches!(driver(error), Some(sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed));
    let ended = code(error).is_some_and(|code| code.starts_with("08") || code.starts_with("57P0"));
    matches!(error, DbErr::Conn(_) | DbErr::ConnectionAcquire(_)) || broken || ended
}

impl From<GateError> for Error {
    fn from(error: GateError) -> Self {
        match error {
            GateError::Ahead => Self::bad_user_input("mark", "this database has never given such a mark"),
            error => {
                tracing::debug!(cause = %error, "the gate is closed");
                Self::Unavailable
            }
        }
    }
}

impl From<ReadError<Self>> for Error {
    fn from(error: ReadError<Self>) -> Self {
        match error {
            ReadError::Gate(error) => error.into(),
            ReadError::Load(error) => Arc::unwrap_or_clone(error),
            ReadError::TimedOut(limit) => {
                tracing::warn!(?limit, "the database did not answer a read in time");
                Self::Unavailable
            }
            ReadError::Miscounted { asked, answered } => {
                Self::internal(format_args!("a loader was asked for {asked} values and answered {answered}"))
            }
        }
    }
}
