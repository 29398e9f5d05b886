use std::time::Duration;

use crate::Quota;

/// More was asked for than is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too much was asked for; try again in {} s", self.retry_after_seconds())]
pub struct Exceeded {
    /// What the limit is called.
    pub policy: &'static str,
    /// The limit.
    pub quota: Quota,
    /// How long it takes until the same would be allowed, if nothing else is asked for meanwhile.
    pub retry_after: Duration,
}

impl Exceeded {
    /// The time to wait in whole seconds, rounded up; at least one.
    pub fn retry_after_seconds(&self) -> u64 {
        seconds(self.retry_after)
    }
}

/// Whole seconds, rounded up; at least one.
pub(crate) fn seconds(duration: Duration) -> u64 {
    (duration.as_secs() + u64::from(duration.subsec_nanos() > 0)).max(1)
}

/// Why a limiter does not start. A Redis that cannot be reached is no reason.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StartError {
    /// The URL of Redis cannot be understood. The text holds no password.
    #[error("the Redis URL cannot be used: {0}")]
    RedisUrl(String),
}
