use std::time::Duration;

use crate::RedisSettings;

/// What a [`Queue`](crate::Queue) is opened with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the queue is called: one Redis can hold several.
    pub name: String,
    /// How many jobs are queued, running and scheduled at most. Default: 100,000.
    pub capacity: usize,
    /// How many dead ones are kept; of more, the oldest are dropped. Default: 1,000.
    pub letters: usize,
    /// Where nodes share it. With none, it is in the memory of this process, and gone when that ends.
    pub redis: Option<RedisSettings>,
}

/// How a [`Worker`](crate::Worker) works. All workers on a queue should have the same.
#[derive(Clone, Debug)]
pub struct WorkerSettings {
    /// How many jobs run at a time, at least 1 and at most [`MAX_CONCURRENCY`](crate::MAX_CONCURRENCY). Default: 4.
    pub concurrency: usize,
    /// How long a job may be held by a worker that says nothing more before others take it. Workers that live say so three times
    /// as often. Default: 30 s.
    pub visibility_timeout: Duration,
    /// How long one attempt may take before it counts as failed. Default: 10 min.
    pub time_limit: Duration,
    /// How often a job is attempted, at least once; a worker that dies with it is an attempt too. Default: 10.
    pub attempts: u32,
    /// The pauses between attempts.
    pub backoff: Backoff,
    /// How long a dead job keeps its name, so that a sweep does not begin it anew each time. One that cannot be read does not: the
    /// next worker may be of a version that can. Default: 1 h.
    pub rest: Duration,
    /// How often one of the workers makes jobs from rows. It may take as long. Default: 10 s.
    pub sweep_interval: Duration,
    /// How many jobs a sweep makes at most. Default: 1,000.
    pub sweep_size: usize,
}

/// Pauses that double from one attempt to the next. Each is drawn from between half of it and all of it, so that what failed
/// together does not come back together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The first. Default: 1 s.
    pub first: Duration,
    /// The longest. Default: 10 min.
    pub longest: Duration,
}

impl Default for Settings {
    /// A queue in the memory of this process.
    fn default() -> Self {
        Self { name: "jobs".to_owned(), capacity: 100_000, letters: 1_000, redis: None }
    }
}

impl Default for WorkerSettings {
    fn default() -> Self {
        Self {
            concurrency: 4,
            visibility_timeout: Duration::from_secs(30),
            time_limit: Duration::from_secs(10 * 60),
            attempts: 10,
            backoff: Backoff::default(),
            rest: Duration::from_secs(60 * 60),
            sweep_interval: Duration::from_secs(10),
            sweep_size: 1_000,
        }
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_secs(10 * 60) }
    }
}

impl Backoff {
    /// The pause after the attempt of that number, counted from 1.
    pub(crate) fn after(&self, attempts: u32) -> Duration {
        let doubled = self.first.saturating_mul(1_u32.checked_shl(attempts.saturating_sub(1)).unwrap_or(u32::MAX));
        doubled.min(self.longest).mul_f32(1.0 - rand::random::<f32>() / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_are_drawn() {
        let backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60) };
        for (attempts, most) in [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (40, 60), (u32::MAX, 60)] {
            let most = Duration::from_secs(most);
            let drawn: Vec<Duration> = (0..100).map(|_| backoff.after(attempts)).collect();
            assert!(drawn.iter().all(|pause| (most / 2..=most).contains(pause)), "{attempts}: {drawn:?}");
            assert!(drawn.iter().any(|pause| *pause != drawn[0]), "{attempts}");
        }
    }
}
