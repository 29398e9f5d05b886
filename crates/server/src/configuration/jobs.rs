use std::time::Duration;

use tidewater_queue::{Backoff, MAX_CONCURRENCY, WorkerSettings};

use super::{RedisConfiguration, parse};

/// What is done in the background, and where.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Jobs")]
pub(crate) struct JobConfiguration {
    /// Whether `serve` runs background jobs itself, or leaves them to `tidewater worker`, which needs Redis
    #[arg(long, value_name = "WHERE", env = "TIDEWATER_JOBS", default_value = "inside", global = true)]
    pub(crate) jobs: Where,

    /// How many background jobs a process runs at a time
    #[arg(
        long,
        value_name = "COUNT",
        env = "TIDEWATER_JOB_CONCURRENCY",
        default_value = "4",
        value_parser = concurrency,
        global = true
    )]
    pub(crate) job_concurrency: usize,

    /// How often a job is attempted before it is given up, and kept for `tidewater jobs dead`
    #[arg(
        long,
        value_name = "COUNT",
        env = "TIDEWATER_JOB_ATTEMPTS",
        default_value = "10",
        value_parser = clap::value_parser!(u32).range(1..=1_000),
        global = true
    )]
    pub(crate) job_attempts: u32,

    /// The pause after a job's first failure; it doubles with each further one, up to ten minutes
    #[arg(
        long,
        value_name = "DURATION",
        env = "TIDEWATER_JOB_BACKOFF",
        default_value = "1s",
        value_parser = parse::positive_duration,
        global = true
    )]
    pub(crate) job_backoff: Duration,

    /// How long one attempt may take before it counts as failed
    #[arg(
        long,
        value_name = "DURATION",
        env = "TIDEWATER_JOB_TIME_LIMIT",
        default_value = "10min",
        value_parser = parse::positive_duration,
        global = true
    )]
    pub(crate) job_time_limit: Duration,

    /// How long a process that holds a job may be silent before others take it, at least a second; one that lives says so three
    /// times as often
    #[arg(
        long,
        value_name = "DURATION",
        env = "TIDEWATER_JOB_VISIBILITY_TIMEOUT",
        default_value = "30s",
        value_parser = visibility_timeout,
        global = true
    )]
    pub(crate) job_visibility_timeout: Duration,

    /// How often one of the processes makes jobs from the rows that wait for one, which brings back what an emptied Redis has lost
    #[arg(
        long,
        value_name = "DURATION",
        env = "TIDEWATER_JOB_SWEEP_INTERVAL",
        default_value = "10s",
        value_parser = parse::positive_duration,
        global = true
    )]
    pub(crate) job_sweep_interval: Duration,
}

/// Where background jobs are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Where {
    /// In the processes that serve, too.
    Inside,
    /// In workers only.
    Off,
}

impl JobConfiguration {
    /// Checks, for a process that serves, that somebody can run jobs. The error is a sentence.
    pub(crate) fn validate(&self, redis: &RedisConfiguration) -> Result<(), String> {
        if self.jobs == Where::Off && redis.url()?.is_none() {
            return Err("TIDEWATER_JOBS=off leaves jobs to workers, which would find them in Redis; set REDIS_URL, or let them \
                        run inside"
                .to_owned());
        }
        Ok(())
    }

    /// How a worker works.
    pub(crate) fn settings(&self) -> WorkerSettings {
        WorkerSettings {
            concurrency: self.job_concurrency,
            visibility_timeout: self.job_visibility_timeout,
            time_limit: self.job_time_limit,
            attempts: self.job_attempts,
            backoff: Backoff { first: self.job_backoff, ..Backoff::default() },
            sweep_interval: self.job_sweep_interval,
            ..WorkerSettings::default()
        }
    }
}

fn concurrency(text: &str) -> Result<usize, String> {
    match parse::positive_count(text) {
        Ok(count) if count <= MAX_CONCURRENCY => Ok(count),
        _ => Err(format!("expected a whole number from 1 to {MAX_CONCURRENCY}")),
    }
}

fn visibility_timeout(text: &str) -> Result<Duration, String> {
    match parse::duration(text)? {
        long if long >= Duration::from_secs(1) => Ok(long),
        _ => Err("expected a duration of a second or longer".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_durations_are_bounded() {
        assert_eq!((concurrency("1"), concurrency("1024")), (Ok(1), Ok(1024)));
        assert!(concurrency("0").is_err() && concurrency("1025").is_err());
        assert_eq!(visibility_timeout("1s"), Ok(Duration::from_secs(1)));
        assert!(visibility_timeout("999ms").is_err() && visibility_timeout("1").is_err());
    }
}
