//! What a server tells of itself: the answers to the documents, in the API's own words.
//!
//! Reasons, operations and writers are kept as the texts that they come as, so that a server which knows more of them is understood.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};

/// The answer to a question about the tide.
#[derive(Deserialize)]
pub(crate) struct Asked<T> {
    pub(crate) tide: T,
}

/// What the caches of one server do and know. Numbers count from its start.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tide {
    /// What the server calls itself, until it ends.
    pub(crate) server: String,
    /// When it is, by the server's clock.
    pub(crate) now: DateTime<Utc>,
    pub(crate) mark: Mark,
    pub(crate) polls: Polls,
    /// None where there is no Redis.
    pub(crate) redis: Option<Redis>,
    pub(crate) database: Database,
    #[serde(deserialize_with = "count")]
    pub(crate) memory_bytes: u64,
    pub(crate) spaces: Vec<Space>,
    pub(crate) operations: Vec<Operation>,
}

/// Where the change log has been read to.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Mark {
    #[serde(deserialize_with = "count")]
    pub(crate) position: u64,
}

/// How the change log is polled.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Polls {
    #[serde(deserialize_with = "count")]
    pub(crate) polls: u64,
    /// How often a request asked for one.
    #[serde(deserialize_with = "count")]
    pub(crate) passes: u64,
    /// How long requests waited for one; those that did not have to are not in it.
    pub(crate) waits: Durations,
    pub(crate) is_failing: bool,
    pub(crate) followers: u64,
}

/// How the Redis tier does.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Redis {
    pub(crate) is_reachable: bool,
    #[serde(deserialize_with = "count")]
    pub(crate) dropped_writes: u64,
    /// How long commands took.
    pub(crate) latency: Durations,
}

/// How the database does, apart from polls.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Database {
    /// How long statements took.
    pub(crate) latency: Durations,
}

/// How long something took, each time.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Durations {
    #[serde(deserialize_with = "count")]
    pub(crate) count: u64,
    pub(crate) sum_seconds: f64,
    /// All of them, the shortest first.
    pub(crate) buckets: Vec<Bucket>,
}

/// Durations that are longer than those of the bucket before.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Bucket {
    /// The longest that belongs here; none if all do that are longer.
    pub(crate) up_to_seconds: Option<f64>,
    #[serde(deserialize_with = "count")]
    pub(crate) count: u64,
}

/// What was served and missed of one kind of value.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Space {
    pub(crate) name: String,
    #[serde(deserialize_with = "count")]
    pub(crate) memory_hits: u64,
    #[serde(deserialize_with = "count")]
    pub(crate) redis_hits: u64,
    #[serde(deserialize_with = "count")]
    pub(crate) joined: u64,
    pub(crate) misses: Vec<Misses>,
    #[serde(deserialize_with = "count")]
    pub(crate) fills: u64,
    #[serde(deserialize_with = "count")]
    pub(crate) invalidations: u64,
    #[serde(deserialize_with = "count")]
    pub(crate) needless: u64,
}

/// How many lookups were missed for one reason.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Misses {
    pub(crate) reason: String,
    #[serde(deserialize_with = "count")]
    pub(crate) count: u64,
}

/// What has served one operation, since its document is known.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Operation {
    pub(crate) name: Option<String>,
    pub(crate) document: String,
    #[serde(deserialize_with = "count")]
    pub(crate) count: u64,
    #[serde(deserialize_with = "count")]
    pub(crate) remembered: u64,
    #[serde(deserialize_with = "count")]
    pub(crate) failed: u64,
    #[serde(deserialize_with = "count")]
    pub(crate) cached: u64,
    #[serde(deserialize_with = "count")]
    pub(crate) database: u64,
    pub(crate) gate_seconds: f64,
    pub(crate) redis_seconds: f64,
    pub(crate) database_seconds: f64,
    pub(crate) misses: Vec<Misses>,
}

/// A part of the tide: the background jobs of all servers together.
#[derive(Deserialize)]
pub(crate) struct OfJobs {
    pub(crate) jobs: Jobs,
}

/// The background jobs of all servers together.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Jobs {
    pub(crate) counts: JobCounts,
    pub(crate) dead: Vec<DeadJob>,
}

/// How many jobs are where.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct JobCounts {
    pub(crate) queued: u64,
    pub(crate) running: u64,
    pub(crate) scheduled: u64,
    pub(crate) dead: u64,
}

/// A job that was given up.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeadJob {
    pub(crate) name: String,
    pub(crate) attempts: u64,
    pub(crate) died_at: DateTime<Utc>,
}

/// A part of the tide: the changes that one server saw last, the latest first.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Seen {
    pub(crate) server: String,
    pub(crate) changes: Vec<Change>,
}

/// What an event tells.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Changed {
    pub(crate) tide_changed: Change,
}

/// A change of the database, by whoever made it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Change {
    /// The server that saw it.
    pub(crate) server: String,
    /// That server's number of the poll that did.
    #[serde(deserialize_with = "count")]
    pub(crate) position: u64,
    pub(crate) seen_at: DateTime<Utc>,
    pub(crate) writer: String,
    pub(crate) writer_name: Option<String>,
    pub(crate) transaction: Option<String>,
    pub(crate) table: String,
    pub(crate) operation: String,
    /// As `todo(id=todo_01…)`; only the table if any row of it may have changed.
    pub(crate) row: String,
    pub(crate) columns: Option<Vec<String>>,
}

impl Durations {
    /// Those that are not among `earlier` ones, which were told before.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        let count_before = |index: usize| earlier.buckets.get(index).map_or(0, |bucket| bucket.count);
        let buckets = self.buckets.iter().enumerate().map(|(index, bucket)| Bucket {
            count: bucket.count.saturating_sub(count_before(index)),
            ..bucket.clone()
        });
        Self {
            count: self.count.saturating_sub(earlier.count),
            sum_seconds: (self.sum_seconds - earlier.sum_seconds).max(0.0),
            buckets: buckets.collect(),
        }
    }

    /// How many seconds the shortest `share` (0.0 to 1.0) of them took at most, about: those of one bucket are taken to be spread evenly,
    /// and those that are longer than all bounds to be as long as the last. None if there are none.
    pub(crate) fn quantile(&self, share: f64) -> Option<f64> {
        let count: u64 = self.buckets.iter().map(|bucket| bucket.count).sum();
        if count == 0 {
            return None;
        }
        let rank = (share * count as f64).max(1.0);
        let (mut below, mut lower) = (0.0, 0.0);
        for Bucket { up_to_seconds, count } in &self.buckets {
            let (count, Some(upper)) = (*count as f64, *up_to_seconds) else { break };
            if count > 0.0 && below + count >= rank {
                return Some(lower + (upper - lower) * (rank - below) / count);
            }
            (below, lower) = (below + count, upper);
        }
        Some(lower)
    }
}

impl Space {
    /// How often a value was looked for.
    pub(crate) fn lookups(&self) -> u64 {
        self.hits() + self.missed()
    }

    /// How often that was answered without the database, or with what another lookup was fetching from it.
    pub(crate) fn hits(&self) -> u64 {
        self.memory_hits + self.redis_hits + self.joined
    }

    /// How often it went to the database.
    pub(crate) fn missed(&self) -> u64 {
        self.misses.iter().map(|misses| misses.count).sum()
    }

    /// Whether it is of whole responses, and not of what they are made of.
    pub(crate) fn is_of_responses(&self) -> bool {
        self.name == "response"
    }

    /// Whether it is of rows, lists or counts, and not of what is made of them.
    pub(crate) fn is_of_values(&self) -> bool {
        !self.is_of_responses() && self.name != "part"
    }
}

/// A whole number that came as `Float`.
fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    f64::deserialize(deserializer).map(|number| number as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn durations(counts: [u64; 3]) -> Durations {
        let bounds = [Some(0.125), Some(0.25), None];
        let buckets = bounds.into_iter().zip(counts).map(|(up_to_seconds, count)| Bucket { up_to_seconds, count });
        Durations { count: counts.iter().sum(), sum_seconds: 1.0, buckets: buckets.collect() }
    }

    #[test]
    fn quantiles_are_of_what_came_since() {
        let all = durations([104, 4, 1]);
        assert_eq!(durations([0, 0, 0]).quantile(0.5), None);
        assert_eq!(all.since(&all).quantile(0.5), None);
        let lately = all.since(&durations([100, 0, 0]));
        assert_eq!((lately.count, lately.quantile(0.5)), (9, Some(0.140_625)));
        assert_eq!(lately.quantile(0.99), Some(0.25), "of what is longer than all bounds, only that is known");
        assert_eq!(all.since(&Durations::default()), all, "there was nothing before");
        assert_eq!(durations([1, 0, 0]).since(&all), durations([0, 0, 0]).since(&durations([0, 0, 0])));
    }
}
