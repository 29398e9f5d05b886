use std::time::Duration;

use crate::RedisSettings;

/// What [`Texts`](crate::Texts) are started with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many bytes the texts in this process may have together. Default: 8 MiB.
    pub memory_bytes: u64,
    /// How long a text is kept that nobody uses. Default: 24 h.
    pub ttl: Duration,
    /// Where processes share texts, if they do.
    pub redis: Option<RedisSettings>,
}

impl Default for Settings {
    /// Without Redis.
    fn default() -> Self {
        Self { memory_bytes: 8 << 20, ttl: Duration::from_secs(24 * 60 * 60), redis: None }
    }
}
