use std::time::Duration;

/// What a [`Counter`](crate::Counter) is started with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How often every process flushes. What is open for longer than two of these is left behind by a process that is gone, and
    /// flushed by another. Default: 10 s.
    pub interval: Duration,
    /// Where views are counted until they are flushed, if not in this process.
    pub redis: Option<RedisSettings>,
}

/// Where views are counted until they are flushed.
#[derive(Clone, Debug)]
pub struct RedisSettings {
    /// `redis://`, `rediss://`, `redis-cluster://`, `redis-sentinel://` or `redis+unix://`, with user, password and database.
    pub url: String,
    /// What every key begins with. Default: `tidewater:`.
    pub prefix: String,
    /// How long one command may take before views are counted in this process. Default: 100 ms.
    pub command_timeout: Duration,
}

impl Default for Settings {
    /// Without Redis.
    fn default() -> Self {
        Self { interval: Duration::from_secs(10), redis: None }
    }
}

impl RedisSettings {
    /// The defaults for the Redis at `url`.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), prefix: "tidewater:".to_owned(), command_timeout: Duration::from_millis(100) }
    }
}
