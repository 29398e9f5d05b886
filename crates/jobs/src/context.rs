use std::time::Duration;

use chrono::TimeDelta;
use sea_orm::DatabaseConnection;

/// The longest that the file of an export is kept.
pub const LONGEST_RETENTION: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// What jobs work on. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Context {
    pub(crate) database: DatabaseConnection,
    pub(crate) export_retention: TimeDelta,
}

impl Context {
    /// Over a migrated database, where the file of an export is kept for `export_retention`, at most [`LONGEST_RETENTION`].
    pub fn new(database: DatabaseConnection, export_retention: Duration) -> Self {
        let export_retention = TimeDelta::from_std(export_retention.min(LONGEST_RETENTION)).unwrap_or(TimeDelta::MAX);
        Self { database, export_retention }
    }
}
