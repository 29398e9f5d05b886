use std::time::Duration;

/// How the values of one space are kept. Neither time to live makes a read fresh: both bound memory and age only.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Policy {
    /// How long a value is kept at most, in either tier. Zero keeps nothing for longer than its readers share it.
    pub ttl: Duration,
    /// The share of `ttl` (0.0 to 1.0, clamped) by which a value's own time to live is shortened at random, so that what was
    /// filled together does not expire together.
    pub jitter: f32,
    /// How much older than the request's arrival an answer may be. Zero: never older.
    pub max_staleness: Duration,
    /// While the database cannot be asked, what is held is served if it was valid at most this long before the request
    /// arrived; [`crate::Provenance::stale`] says that it was. Zero: never, such a read fails.
    pub stale_if_error: Duration,
    /// Whether anything is cached. If not, every read goes straight to its loader, still in one call.
    pub enabled: bool,
}

impl Policy {
    /// For single entities: 10 minutes, a tenth of jitter, never stale.
    pub const fn item() -> Self {
        Self {
            ttl: Duration::from_secs(600),
            jitter: 0.1,
            max_staleness: Duration::ZERO,
            stale_if_error: Duration::ZERO,
            enabled: true,
        }
    }

    /// For lists and counts: 5 minutes, a tenth of jitter, never stale.
    pub const fn list() -> Self {
        Self { ttl: Duration::from_secs(300), ..Self::item() }
    }

    /// One value's own time to live.
    pub(crate) fn lifetime(&self) -> Duration {
        let jitter = if self.jitter.is_finite() { self.jitter.clamp(0.0, 1.0) } else { 0.0 };
        self.ttl.mul_f32(1.0 - jitter * rand::random::<f32>())
    }
}
