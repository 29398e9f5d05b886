//! Why the program ends other than well: one sentence on stderr, and an exit code.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// Why the program ends other than well. Displays as one sentence that says what to do, without secrets.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A setting, an argument or the file `.env` cannot be used.
    #[error("{0}")]
    Configuration(String),
    /// The database cannot be reached or refuses what it was asked.
    #[error("{0}")]
    Database(String),
    /// The database's schema is not the one that this program works on.
    #[error("the database is not migrated; run `tidewater migrate up`, or start with --migrate")]
    Unmigrated,
    /// Migrating went wrong.
    #[error("{0}")]
    Migration(String),
    /// The change log is not installed as declared, so that changes would be missed.
    #[error("{0}")]
    ChangeLog(String),
    /// The cache could not be started.
    #[error("the cache cannot be started: {0}")]
    Cache(String),
    /// The queue of jobs cannot be asked.
    #[error("{0}")]
    Queue(String),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {reason}; choose another with {flag}")]
    Listen {
        /// What it was set by.
        flag: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the system says about it.
        reason: String,
    },
    /// There are rows already where the sample data would go.
    #[error("there is sample data in this database already; seed an empty one")]
    Seeded,
    /// The sample data could not be written.
    #[error("{0}")]
    Seed(String),
    /// The freshness of servers could not be checked.
    #[error("{0}")]
    Check(String),
    /// The check was run, and the servers did not pass it. What it found has been printed.
    #[error("the servers did not pass the check")]
    NotFresh,
    /// A server cannot be watched.
    #[error("{0}")]
    Top(String),
    /// The schema in the file is not the one that this program serves.
    #[error("{file} differs from the schema that is served, first in line {line}: {what}; run `tidewater schema > {file}`", file = file.display())]
    SchemaDiffers {
        /// The file.
        file: PathBuf,
        /// The first line that differs, counted from 1.
        line: usize,
        /// How it differs.
        what: String,
    },
    /// A file cannot be read.
    #[error("{file} cannot be read: {reason}", file = file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the system says about it.
        reason: String,
    },
    /// Standard output cannot be written.
    #[error("standard output cannot be written: {0}")]
    Output(io::Error),
    /// The system refuses threads or signals.
    #[error("the program cannot be started: {0}")]
    System(io::Error),
}

impl Error {
    /// Why the address that `flag` has set cannot be listened on.
    pub(crate) fn cannot_listen(flag: &'static str, address: SocketAddr) -> impl Fn(io::Error) -> Self + Copy {
        move |error| Self::Listen { flag, address, reason: reason(&error) }
    }

    /// What is wrong with the URL of Redis.
    pub(crate) fn bad_redis_url(reason: &str) -> Self {
        Self::Configuration(format!("REDIS_URL cannot be used: {reason}"))
    }

    /// 2 where the settings are to be changed, or a check could not be run, else 1.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Configuration(_) | Self::Check(_) => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }
}

/// What the system says, without its error number.
pub(crate) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "another process is listening there".to_owned(),
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::AddrNotAvailable => "this machine has no such address".to_owned(),
        kind => kind.to_string(),
    }
}

/// `error` on one line.
pub(crate) fn one_line(error: &dyn std::error::Error) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}
