use std::time::Duration;

use crate::Quota;

/// What a [`Limiter`](crate::Limiter) is started with. What has no quota is not limited.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many requests a viewer or an address may make.
    pub requests: Option<Quota>,
    /// What the requests of a viewer or an address may cost together.
    pub cost: Option<Quota>,
    /// How often somebody at one address may try to sign in, whatever comes of it.
    pub sign_in: Option<Quota>,
    /// How often somebody at one address may try to sign up, whatever comes of it.
    pub sign_up: Option<Quota>,
    /// How many attempts at one account may fail; see [`Attempt`](crate::Attempt).
    pub account: Option<Quota>,
    /// About how many viewers and addresses are known at most, and credentials, and accounts. Default: 65,536, which take some
    /// 40 MB when all are.
    pub subjects: usize,
    /// Where servers count together, if they do.
    pub redis: Option<RedisSettings>,
}

/// Where servers count together.
#[derive(Clone, Debug)]
pub struct RedisSettings {
    /// `redis://`, `rediss://`, `redis-cluster://`, `redis-sentinel://` or `redis+unix://`, with user, password and database.
    pub url: String,
    /// What every key begins with. Default: `tidewater:`.
    pub prefix: String,
    /// How long one command may take before a server counts by itself. Default: 100 ms.
    pub command_timeout: Duration,
}

impl Default for Settings {
    /// No limits.
    fn default() -> Self {
        Self { requests: None, cost: None, sign_in: None, sign_up: None, account: None, subjects: 65_536, redis: None }
    }
}

impl RedisSettings {
    /// The defaults for the Redis at `url`.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), prefix: "tidewater:".to_owned(), command_timeout: Duration::from_millis(100) }
    }
}
