use std::time::Duration;

use tidewater_cache::Policy;
use tidewater_graphql::{Exclusions, Policies, Responses};

use super::parse;
use super::policy::PolicyOverrides;

/// What is kept, how long, and how old it may be.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Cache")]
pub(crate) struct CacheConfiguration {
    /// The most memory that cached values take in this process; with 0, none is kept
    #[arg(
        long,
        value_name = "SIZE",
        env = "TIDEWATER_CACHE_MEMORY",
        default_value = "64MiB",
        value_parser = parse::bytes_or_none,
        global = true
    )]
    pub(crate) cache_memory: usize,

    /// The most memory that whole responses take in this process; with 0, none is kept
    #[arg(
        long,
        value_name = "SIZE",
        env = "TIDEWATER_RESPONSE_MEMORY",
        default_value = "64MiB",
        value_parser = parse::bytes_or_none,
        global = true
    )]
    pub(crate) response_memory: usize,

    /// The most memory that parts of responses, which are the items of lists as they were answered, take in this process; with 0,
    /// none is kept
    #[arg(
        long,
        value_name = "SIZE",
        env = "TIDEWATER_PART_MEMORY",
        default_value = "32MiB",
        value_parser = parse::bytes_or_none,
        global = true
    )]
    pub(crate) part_memory: usize,

    /// Responses that are never kept, nor parts of them: names of operations, and fields as `Type.field`, such as `Dashboard,Todo.notes`
    #[arg(
        long,
        value_name = "NAMES",
        env = "TIDEWATER_RESPONSE_EXCLUDE",
        default_value = "",
        hide_default_value = true,
        global = true
    )]
    pub(crate) response_exclude: Exclusions,

    /// The memory of the table that knows when each dependency last changed; too small costs misses, never a wrong answer
    #[arg(
        long,
        value_name = "SIZE",
        env = "TIDEWATER_TIDE_TABLE",
        default_value = "8MiB",
        value_parser = parse::bytes,
        global = true
    )]
    pub(crate) tide_table: usize,

    /// How long a cached row is kept
    #[arg(
        long,
        value_name = "DURATION",
        env = "TIDEWATER_ITEM_TTL",
        default_value = "10min",
        value_parser = parse::positive_duration,
        global = true
    )]
    pub(crate) item_ttl: Duration,

    /// How long a cached id list or count is kept
    #[arg(
        long,
        value_name = "DURATION",
        env = "TIDEWATER_LIST_TTL",
        default_value = "5min",
        value_parser = parse::positive_duration,
        global = true
    )]
    pub(crate) list_ttl: Duration,

    /// How much older than the database an answer may be; with 0s, none is older than what was committed when its request arrived
    #[arg(
        long,
        value_name = "DURATION",
        env = "TIDEWATER_MAX_STALENESS",
        default_value = "0s",
        value_parser = parse::duration,
        global = true
    )]
    pub(crate) max_staleness: Duration,

    /// The least time between the beginnings of two polls of the change log: spares the database, and lets strict answers wait
    #[arg(
        long,
        value_name = "DURATION",
        env = "TIDEWATER_POLL_INTERVAL",
        default_value = "0s",
        value_parser = poll_interval,
        global = true
    )]
    pub(crate) poll_interval: Duration,

    /// How much older than the database an answer may be while the database cannot be asked; with 0s, reads fail then
    #[arg(
        long,
        value_name = "DURATION",
        env = "TIDEWATER_STALE_IF_ERROR",
        default_value = "0s",
        value_parser = parse::duration,
        global = true
    )]
    pub(crate) stale_if_error: Duration,

    /// What differs for single entities, such as `todo:item_ttl=60s,max_staleness=50ms;note:off`; the settings are on, off,
    /// item_ttl, list_ttl, max_staleness and stale_if_error
    #[arg(
        long,
        value_name = "OVERRIDES",
        env = "TIDEWATER_CACHE_POLICY",
        default_value = "",
        hide_default_value = true,
        global = true
    )]
    pub(crate) cache_policy: PolicyOverrides,

    /// How long the change log keeps what changed, at least twice the longest time to live; a node that lost touch for longer
    /// starts over with an empty cache
    #[arg(
        long,
        value_name = "DURATION",
        env = "TIDEWATER_LOG_RETENTION",
        default_value = "1h",
        value_parser = parse::positive_duration,
        global = true
    )]
    pub(crate) log_retention: Duration,

    /// The share of cached values, from 0 to 1, that are read from the database again when they are served, to prove them right
    #[arg(
        long,
        value_name = "SHARE",
        env = "TIDEWATER_VERIFY_SAMPLE",
        default_value = "0",
        value_parser = parse::share,
        global = true
    )]
    pub(crate) verify_sample: f64,
}

impl CacheConfiguration {
    /// Checks how the settings stand to each other. The error is a sentence.
    pub(super) fn validate(&self) -> Result<(), String> {
        let longest = self.longest_ttl();
        let retention = self.log_retention;
        if longest.checked_mul(2).is_none_or(|needed| retention < needed) {
            return Err(format!(
                "invalid value '{}' for --log-retention (TIDEWATER_LOG_RETENTION): expected at least twice the longest time to \
                 live, which is {}",
                humantime::format_duration(retention),
                humantime::format_duration(longest),
            ));
        }
        Ok(())
    }

    /// The policies of all entities.
    pub(crate) fn policies(&self) -> Policies {
        let &Self { max_staleness, stale_if_error, .. } = self;
        Policies {
            items: Policy { ttl: self.item_ttl, max_staleness, stale_if_error, ..Policy::item() },
            lists: Policy { ttl: self.list_ttl, max_staleness, stale_if_error, ..Policy::list() },
            overrides: self.cache_policy.0.clone(),
        }
    }

    /// What is kept of responses.
    pub(crate) fn responses(&self) -> Responses {
        Responses {
            memory_bytes: self.response_memory as u64,
            part_bytes: self.part_memory as u64,
            ttl: self.list_ttl,
            exclusions: self.response_exclude.clone(),
        }
    }

    fn longest_ttl(&self) -> Duration {
        let overridden = self.cache_policy.0.values().flat_map(|policy| [policy.item_ttl, policy.list_ttl]);
        overridden.flatten().fold(self.item_ttl.max(self.list_ttl), Duration::max)
    }
}

/// Strict reads wait for as long, so it has to stay far below what they wait for at most.
fn poll_interval(text: &str) -> Result<Duration, String> {
    match parse::duration(text)? {
        interval if interval <= Duration::from_secs(1) => Ok(interval),
        _ => Err("expected a duration of at most 1s".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configuration(overrides: &str, log_retention: Duration) -> CacheConfiguration {
        CacheConfiguration {
            cache_memory: 1,
            response_memory: 1,
            part_memory: 1,
            response_exclude: Exclusions::default(),
            tide_table: 1,
            item_ttl: Duration::from_secs(600),
            list_ttl: Duration::from_secs(300),
            max_staleness: Duration::ZERO,
            stale_if_error: Duration::ZERO,
            poll_interval: Duration::ZERO,
            verify_sample: 0.0,
            cache_policy: overrides.parse().unwrap(),
            log_retention,
        }
    }

    #[test]
    fn the_log_outlives_the_longest_time_to_live_twice() {
        assert_eq!(configuration("", Duration::from_secs(1200)).validate(), Ok(()));
        assert!(configuration("", Duration::from_secs(1199)).validate().is_err());
        assert!(configuration("todo:list_ttl=1h", Duration::from_secs(7199)).validate().is_err());
        assert_eq!(configuration("todo:list_ttl=1h", Duration::from_secs(7200)).validate(), Ok(()));
    }
}
