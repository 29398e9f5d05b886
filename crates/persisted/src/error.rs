/// Why texts cannot be kept. A Redis that cannot be reached is no reason.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StartError {
    /// The URL of Redis cannot be understood. The text holds no password.
    #[error("the Redis URL cannot be used: {0}")]
    RedisUrl(String),
}
