//! What can be wrong with an answer.

use serde::Serialize;

/// What is wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Older than what was acknowledged when its request was sent, where nothing may be.
    Stale,
    /// Older than the bound allows.
    Bound,
    /// Not yet being committed when it was received.
    Future,
    /// Written in a transaction, or a part of one, that was rolled back.
    RolledBack,
    /// Older than what the same client had been shown.
    Backwards,
    /// Older than what the same client had written.
    OwnWrite,
    /// An acknowledged write is not there in the end.
    Lost,
    /// What was created once is there twice.
    Doubled,
    /// Not the truth, though nothing had been written for longer than the bound.
    WrongAfterQuiet,
    /// A mixture of versions that no single one explains.
    Torn,
    /// A row in a list that this run did not write there.
    Foreign,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 11] = [
        Self::Stale,
        Self::Bound,
        Self::Future,
        Self::RolledBack,
        Self::Backwards,
        Self::OwnWrite,
        Self::Lost,
        Self::Doubled,
        Self::WrongAfterQuiet,
        Self::Torn,
        Self::Foreign,
    ];

    /// The name that reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stale => "stale",
            Self::Bound => "bound",
            Self::Future => "future",
            Self::RolledBack => "rolled_back",
            Self::Backwards => "backwards",
            Self::OwnWrite => "own_write",
            Self::Lost => "lost",
            Self::Doubled => "doubled",
            Self::WrongAfterQuiet => "wrong_after_quiet",
            Self::Torn => "torn",
            Self::Foreign => "foreign",
        }
    }
}

/// A violation in full.
#[derive(Clone, Debug, Serialize)]
pub struct Example {
    /// What is wrong.
    pub kind: Kind,
    /// The server that answered; for what only the database shows, `database`.
    pub url: String,
    /// What was asked.
    pub asked: String,
    /// What came, whole up to 16 KiB.
    pub answered: String,
    /// The fact in the answer that is wrong.
    pub fact: String,
    /// What would have been right.
    pub admissible: String,
    /// When the request was sent, in seconds since the run began.
    pub sent_seconds: f64,
    /// When the answer was received, in seconds since the run began.
    pub received_seconds: f64,
    /// How old the answer was allowed to be.
    pub bound_seconds: f64,
}
