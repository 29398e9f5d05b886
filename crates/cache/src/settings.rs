use std::time::Duration;

use tidewater_changelog::Tracking;

use crate::RedisSettings;

/// What a [`crate::Cache`] is started with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the change log tracks: gives the values of a change their column names. A change of a table that is not here
    /// counts as a change of the whole table.
    pub tracking: Vec<Tracking>,
    /// The bound of the memory tier in bytes. Default: 64 MiB.
    pub memory_bytes: u64,
    /// The size in bytes of the table of last known changes; rounded down to a power of two, at least 4 KiB. A small one
    /// costs misses, never a wrong answer. Default: 8 MiB.
    pub tide_table_bytes: usize,
    /// How long one poll of the change log may take. A backstop above what the source itself allows, which may have to read
    /// the retained log. Default: 30 s.
    pub poll_timeout: Duration,
    /// The least time between the beginnings of two polls. Strict reads may have to wait for it. Default: none.
    pub poll_interval: Duration,
    /// How long after a poll the next one begins while somebody [follows](crate::Follower) the changes and nobody asks for one.
    /// Ten times as long while the source cannot be polled. Default: 50 ms.
    pub follow_interval: Duration,
    /// How many changes are kept for those who follow, and those of the last poll in any case. One that is further behind has lost
    /// track. Default: 16,384.
    pub follow_changes: usize,
    /// How many changes are remembered while nobody follows, to [explain](crate::Cache::cause) what they made invalid; at most
    /// `follow_changes`, and those of the last poll in any case. Default: 4,096.
    pub remembered_changes: usize,
    /// How long a request waits for a poll before its strict reads fail. Default: 2 s.
    pub gate_timeout: Duration,
    /// How long one call of a loader may take before its reads fail. Default: 5 s.
    pub load_timeout: Duration,
    /// The share (0.0 to 1.0) of values served from a cache that are read from the source again, to prove that they were
    /// right. See [`crate::Verification`]. Default: none.
    pub verify_share: f64,
    /// The second tier, if any. Default: none.
    pub redis: Option<RedisSettings>,
    /// How many writes to Redis may wait for the background task; more are dropped and counted. Default: 4,096.
    pub redis_queue_length: usize,
}

impl Settings {
    /// The defaults over `tracking`.
    pub fn new(tracking: &[Tracking]) -> Self {
        Self {
            tracking: tracking.to_vec(),
            memory_bytes: 64 << 20,
            tide_table_bytes: 8 << 20,
            poll_timeout: Duration::from_secs(30),
            poll_interval: Duration::ZERO,
            follow_interval: Duration::from_millis(50),
            follow_changes: 16_384,
            remembered_changes: 4_096,
            gate_timeout: Duration::from_secs(2),
            load_timeout: Duration::from_secs(5),
            verify_share: 0.0,
            redis: None,
            redis_queue_length: 4_096,
        }
    }
}
