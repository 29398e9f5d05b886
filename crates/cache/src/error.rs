use std::sync::Arc;
use std::time::Duration;

use tidewater_changelog::PollError;

/// Why the freshness of a read could not be established. Everybody who waited for the same poll gets the same error.
#[derive(Clone, Debug, thiserror::Error)]
pub enum GateError {
    /// The change log could not be polled. See [`PollError`] for whether asking again may help.
    #[error(transparent)]
    Poll(#[from] PollError),
    /// A poll did not end within [`crate::Settings::poll_timeout`], or not within the [`crate::Settings::gate_timeout`] of a
    /// request that waited for it; asking again may help.
    #[error("the change log did not answer within {0:?}")]
    TimedOut(Duration),
    /// The request requires a mark that nobody can have been given: the database has not come to it.
    #[error("the mark lies ahead of everything that is committed")]
    Ahead,
    /// The task that polls has ended: the runtime is shutting down, or the source panicked. Asking again does not help.
    #[error("the change log is no longer polled")]
    Stopped,
}

/// Why [`crate::Space::read`] has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReadError<E> {
    /// The freshness of the answer could not be established.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// The loader failed, here or for another reader whose load this one had joined.
    #[error("cannot load: {0}")]
    Load(Arc<E>),
    /// The loader did not answer within [`crate::Settings::load_timeout`]; asking again may help.
    #[error("nothing could be loaded within {0:?}")]
    TimedOut(Duration),
    /// The loader answered another number of values than it was asked for: a fault in the loader.
    #[error("the loader was asked for {asked} values and answered {answered}")]
    Miscounted {
        /// How many values it was asked for.
        asked: usize,
        /// How many it answered.
        answered: usize,
    },
}

impl<E> Clone for ReadError<E> {
    fn clone(&self) -> Self {
        match self {
            Self::Gate(error) => Self::Gate(error.clone()),
            Self::Load(error) => Self::Load(Arc::clone(error)),
            Self::TimedOut(limit) => Self::TimedOut(*limit),
            Self::Miscounted { asked, answered } => Self::Miscounted { asked: *asked, answered: *answered },
        }
    }
}

/// Why a cache does not start. A Redis that cannot be reached is no reason.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StartError {
    /// The first poll failed.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// The URL of Redis cannot be understood. The text holds no password.
    #[error("the Redis URL cannot be used: {0}")]
    RedisUrl(String),
}
