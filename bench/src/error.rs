//! Why a measurement cannot be made.

use std::io;
use std::path::{Path, PathBuf};

/// Why a measurement cannot be made, or does not count. Displays as one sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The system refuses what every run needs.
    #[error("the system refuses {what}: {reason}; free some of it, or run on another machine")]
    System {
        /// What was asked for.
        what: &'static str,
        /// What the system says.
        reason: io::Error,
    },
    /// A file cannot be read or written.
    #[error("{file} cannot be used: {reason}; see that it is there and may be written", file = file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// A program could not be run to its end.
    #[error("`{program}` failed: {reason}; see what it needs in bench/README.md")]
    Program {
        /// The program, with its arguments.
        program: String,
        /// What it said.
        reason: String,
    },
    /// A server did not start, or went away.
    #[error("the server `{system}` is not there: {reason}; its log is: {log}")]
    Server {
        /// The system that it belongs to.
        system: String,
        /// How that showed.
        reason: String,
        /// What it wrote.
        log: String,
    },
    /// A server's answer is not what the database holds.
    #[error("`{system}` answers {what}, so its numbers would say nothing; correct the server first")]
    Answer {
        /// The system.
        system: String,
        /// What is wrong with the answer.
        what: String,
    },
    /// The database refuses a statement.
    #[error("the database refuses a statement: {0}; see that PostgreSQL is version 13 or later")]
    Database(#[from] sea_orm::sqlx::Error),
    /// The arguments leave nothing to measure.
    #[error("nothing is left to measure; `--only` takes parts of names such as W1/responses")]
    Nothing,
    /// Everything was measured, but some of it does not count.
    #[error("{0}, so this run does not count; the report names the cells")]
    NotClean(String),
    /// Somebody wants the run to end.
    #[error("the run was interrupted, and nothing was reported; start it again")]
    Interrupted,
}

impl Error {
    /// What makes an error of the system one of ours.
    pub(crate) fn system(what: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |reason| Self::System { what, reason }
    }

    /// What makes an error about a file one of ours.
    pub(crate) fn file(file: &Path) -> impl FnOnce(io::Error) -> Self {
        let file = file.to_owned();
        move |reason| Self::File { file, reason }
    }
}
