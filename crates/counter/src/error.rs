/// A view is not counted: too much is open that could not be flushed. Later may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many views wait to be flushed")]
pub struct Full;

/// Why a counter does not start. A Redis that cannot be reached is no reason.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StartError {
    /// The URL of Redis cannot be understood. The text holds no password.
    #[error("the Redis URL cannot be used: {0}")]
    RedisUrl(String),
}
