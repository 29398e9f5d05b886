use crate::{Quota, RedisSettings};

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

impl Default for Settings {
    /// No limits.
    fn default() -> Self {
        Self { requests: None, cost: None, sign_in: None, sign_up: None, account: None, subjects: 65_536, redis: None }
    }
}
