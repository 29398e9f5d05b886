use std::time::{Duration, Instant};

/// The time of this process: nanoseconds of a clock that never goes back, from a moment that lies well before the start, so that
/// 0 is long ago.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Instant);

const BEFORE: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn now(&self) -> u64 {
        nanoseconds(BEFORE + self.0.elapsed())
    }
}

/// A duration in nanoseconds; centuries are as good as for ever.
pub(crate) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
