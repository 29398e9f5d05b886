use async_graphql::Object;

use super::object::float;
use super::operations::Operation;
use super::space::{MissCount, miss_counts};

/// What has served one operation, since its document is known.
pub(crate) struct OperationStatistics(pub(crate) Operation);

/// What has served one operation, since its document is known.
#[Object]
impl OperationStatistics {
    /// What its document calls it; null if it has no name.
    async fn name(&self) -> Option<&str> {
        self.0.label.name.as_deref()
    }

    /// SHA-256 of its document's text without its comments and what its string literals hold, in hexadecimal digits. Where it has neither,
    /// automatic persisted queries are named by it.
    async fn document(&self) -> &str {
        &self.0.label.document
    }

    /// How often it was asked for.
    async fn count(&self) -> f64 {
        float(self.0.count)
    }

    /// How often a whole response was kept for it.
    async fn remembered(&self) -> f64 {
        float(self.0.remembered)
    }

    /// How often something of it failed.
    async fn failed(&self) -> f64 {
        float(self.0.failed)
    }

    /// How many values for it came from caches, when no whole response was kept.
    async fn cached(&self) -> f64 {
        float(self.0.cached)
    }

    /// How many came from the database.
    async fn database(&self) -> f64 {
        float(self.0.database)
    }

    /// How many seconds it has taken, from arrival to answer, in all.
    async fn total_seconds(&self) -> f64 {
        self.0.total_time.as_secs_f64()
    }

    /// How many seconds it has waited for polls of the change log, in all.
    async fn gate_seconds(&self) -> f64 {
        self.0.gate_time.as_secs_f64()
    }

    /// How many seconds it has waited for Redis, in all.
    async fn redis_seconds(&self) -> f64 {
        self.0.redis_time.as_secs_f64()
    }

    /// How many seconds it has waited for the database, in all.
    async fn database_seconds(&self) -> f64 {
        self.0.database_time.as_secs_f64()
    }

    /// What went to the database, by reason; reasons that did not occur are left out.
    async fn misses(&self) -> Vec<MissCount> {
        miss_counts(&self.0.misses)
    }
}
