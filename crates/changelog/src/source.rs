use std::fmt;
use std::future::Future;

use crate::{Change, Mark, Origin};

/// One history of one database. Marks, and whatever was read under them, mean nothing in another one: a promoted standby,
/// a restored backup, a re-made change log all start a new generation.
///
/// The text is short, printable, without spaces, and safe inside a Redis key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Generation(String);

impl Generation {
    /// A generation by its text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What one poll saw.
#[derive(Clone, Debug)]
pub enum Poll {
    /// The history goes on from the last poll: exactly the changes that became visible since.
    Continued {
        /// What is visible now. Includes the mark of the poll before.
        mark: Mark,
        /// Each newly visible change, once: one transaction after the other, each in the order in which it was written, and of two
        /// that changed the same row, or of which one began after the other had ended, the earlier one first.
        changes: Vec<Change>,
        /// Where each of `changes` comes from, in their order.
        origins: Vec<Origin>,
    },
    /// The first poll, or one that cannot be joined to the one before: a new generation, or the log was pruned past the last
    /// mark. Whatever was derived before is void, except as `history` tells.
    Restarted {
        /// The generation from here on.
        generation: Generation,
        /// The retained log in steps, oldest first. The last step's mark is what is visible now. The first step's changes are
        /// empty and its mark is the oldest point from which the log is complete. Each step holds every change that is
        /// visible at its mark and not at the mark of the step before.
        history: Vec<(Mark, Vec<Change>)>,
    },
}

/// Why the change log could not be polled.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PollError {
    /// The database did not answer in time or not at all; asking again may help.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// The database answered what no change log answers: it is not installed, or this is a standby.
    #[error("the change log cannot be read: {0}")]
    Unusable(String),
}

/// Where changes come from.
pub trait ChangeSource: Send + 'static {
    /// Asks for what is visible now and what became visible since the last successful poll. Whatever was acknowledged before
    /// the call began is visible to it.
    ///
    /// Bounded in time. After an error, or if the future is dropped, the next poll still continues from the last success.
    fn poll(&mut self) -> impl Future<Output = Result<Poll, PollError>> + Send;
}
