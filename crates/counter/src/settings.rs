use std::time::Duration;

use crate::RedisSettings;

/// What a [`Counter`](crate::Counter) is started with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How often every process flushes. What is open for longer than two of these is left behind by a process that is gone, and
    /// flushed by another. Default: 10 s.
    pub interval: Duration,
    /// Where views are counted until they are flushed, if not in this process.
    pub redis: Option<RedisSettings>,
}

impl Default for Settings {
    /// Without Redis.
    fn default() -> Self {
        Self { interval: Duration::from_secs(10), redis: None }
    }
}
