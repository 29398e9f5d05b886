use std::collections::VecDeque;
use std::time::{Duration, Instant};

use sea_orm::{DatabaseConnection, DatabaseConnectionType};

use crate::install::unsupported;
use crate::{Error, Mark, postgres, sqlite, within};

const CURRENT_TIMEOUT: Duration = Duration::from_secs(20);
const PRUNE_TIMEOUT: Duration = Duration::from_secs(120);

/// Deletes what the change log need not keep. Any number of processes may prune one log at once.
///
/// What is old is decided by the marks of the pruner's own earlier runs and this process's monotonic clock, never by a wall
/// clock: so a pruner deletes nothing before it has lived for the retention.
#[derive(Debug)]
pub struct Pruner {
    database: DatabaseConnection,
    retention: Duration,
    /// Oldest first; a mark was taken at or before its instant.
    marks: VecDeque<(Instant, Mark)>,
    /// When that was visible up to which it has pruned last.
    pruned_to: Option<Instant>,
}

/// Marks closer together than this share of the retention are not kept apart, which bounds their number.
const MARKS_PER_RETENTION: u32 = 64;

impl Pruner {
    /// A pruner that keeps every change for at least `retention`, and at most 1/64 longer when it is run that often.
    pub const fn new(database: DatabaseConnection, retention: Duration) -> Self {
        Self { database, retention, marks: VecDeque::new(), pruned_to: None }
    }

    /// When that was visible up to which it has pruned last, whether or not there was anything to delete. None before it has.
    pub const fn pruned_to(&self) -> Option<Instant> {
        self.pruned_to
    }

    /// Deletes every change that was visible `retention` ago, by this pruner's own earlier runs, and moves the floor of the
    /// log there, in one transaction. Returns how many rows it deleted; if none, the floor stays. Takes at most 140 s.
    ///
    /// # Errors
    /// As the database fails; nothing is deleted then, and the next run catches up.
    pub async fn run_once(&mut self) -> Result<u64, Error> {
        let mark = match &self.database.inner {
            DatabaseConnectionType::SqlxPostgresPoolConnection(_) => {
                within(CURRENT_TIMEOUT, postgres::current(self.database.get_postgres_connection_pool())).await?
            }
            DatabaseConnectionType::SqlxSqlitePoolConnection(_) => {
                within(CURRENT_TIMEOUT, sqlite::current(self.database.get_sqlite_connection_pool())).await?
            }
            _ => return Err(unsupported(&self.database)),
        };
        let now = Instant::now();
        self.remember(now, mark);
        let Some((taken, mark)) = self.newest_old_mark(now) else { return Ok(0) };
        let deleted = match &mark {
            Mark::Snapshot(floor) => {
                within(PRUNE_TIMEOUT, postgres::prune(self.database.get_postgres_connection_pool(), floor)).await
            }
            Mark::Sequence(floor) => {
                within(PRUNE_TIMEOUT, sqlite::prune(self.database.get_sqlite_connection_pool(), *floor)).await
            }
        }?;
        self.pruned_to = Some(taken);
        Ok(deleted)
    }

    fn remember(&mut self, now: Instant, mark: Mark) {
        let spacing = self.retention / MARKS_PER_RETENTION;
        if self.marks.back().is_none_or(|(taken, _)| now.duration_since(*taken) >= spacing) {
            self.marks.push_back((now, mark));
        }
    }

    fn newest_old_mark(&mut self, now: Instant) -> Option<(Instant, Mark)> {
        let old = |(taken, _): &(Instant, Mark)| now.duration_since(*taken) >= self.retention;
        while self.marks.get(1).is_some_and(old) {
            self.marks.pop_front();
        }
        self.marks.front().filter(|entry| old(entry)).cloned()
    }
}
