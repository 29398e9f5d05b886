use async_graphql::SimpleObject;
use tidewater_histogram::Snapshot;

use super::object::float;

/// How long something took, each time since the server started, or how old something was. Quantiles are estimates, off by less than half.
#[derive(SimpleObject)]
pub(crate) struct DurationStatistics {
    /// How often.
    count: f64,
    /// All of it together, in seconds.
    sum_seconds: f64,
    /// What half of them did not exceed, in seconds; null if there are none.
    p50_seconds: Option<f64>,
    /// What 95 of 100 did not exceed, in seconds; null if there are none.
    p95_seconds: Option<f64>,
    /// What 99 of 100 did not exceed, in seconds; null if there are none.
    p99_seconds: Option<f64>,
    /// All of them, the shortest first. The differences of two answers tell of the time between.
    buckets: Vec<DurationBucket>,
}

/// Durations that are longer than those of the bucket before.
#[derive(SimpleObject)]
pub(crate) struct DurationBucket {
    /// The longest that belongs here, in seconds; null if all do that are longer.
    up_to_seconds: Option<f64>,
    /// How many are in this bucket alone.
    count: f64,
}

impl From<Snapshot> for DurationStatistics {
    fn from(snapshot: Snapshot) -> Self {
        let quantile = |share| snapshot.quantile(share).map(|duration| duration.as_secs_f64());
        let buckets = snapshot.buckets().map(|bucket| DurationBucket {
            up_to_seconds: bucket.upper.map(|upper| upper.as_secs_f64()),
            count: float(bucket.count),
        });
        Self {
            count: float(snapshot.count()),
            sum_seconds: snapshot.sum().as_secs_f64(),
            p50_seconds: quantile(0.5),
            p95_seconds: quantile(0.95),
            p99_seconds: quantile(0.99),
            buckets: buckets.collect(),
        }
    }
}
