/// What goes wrong with the queue itself. What goes wrong with a job is a [`Failure`](crate::Failure).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The URL of Redis cannot be understood. The text holds no password.
    #[error("the Redis URL cannot be used: {0}")]
    RedisUrl(String),
    /// Redis does not answer, or has not been asked because it did not lately. The job may still have been queued.
    #[error("the queue cannot be reached")]
    Unavailable,
    /// A job's name is empty or longer than [`MAX_NAME`](crate::MAX_NAME) bytes, or the job longer than
    /// [`MAX_JOB`](crate::MAX_JOB) bytes, or it cannot be written as JSON. Nothing that was pushed with it has been queued.
    #[error("the job '{name}' cannot be queued: {reason}")]
    Unfit {
        /// The job's name, cut short if it is too long.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl From<tidewater_redis::Unavailable> for Error {
    fn from(_: tidewater_redis::Unavailable) -> Self {
        Self::Unavailable
    }
}
