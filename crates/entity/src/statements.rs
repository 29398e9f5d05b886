//! What the statements of one pool cost, and how long is waited for its connections.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sea_orm::{DatabaseConnection, DatabaseConnectionType};
use tidewater_histogram::{Bounds, Histogram, Snapshot};

tokio::task_local! {
    /// How long the statements have taken that were made for what a task is waiting for.
    static SPENT: Cell<Duration>;

    /// How many statements have been made for what a task is waiting for.
    static MADE: Cell<usize>;
}

/// Counts the statements that are made through one pool: all but those by which transactions begin and end. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Statements {
    counted: Arc<Counted>,
    pool: DatabaseConnection,
}

#[derive(Debug)]
struct Counted {
    verbs: [OfVerb; Verb::ALL.len()],
    waits: Histogram,
}

#[derive(Debug)]
struct OfVerb {
    latency: Histogram,
    failed: AtomicU64,
}

/// What a statement does, by its first word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// It reads.
    Select,
    /// It makes rows.
    Insert,
    /// It changes rows.
    Update,
    /// It deletes rows.
    Delete,
    /// Anything else.
    Other,
}

/// What is known of a pool since it is [counted](Statements::count).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseStatistics {
    /// The statements, by what they do, in the order of [`Verb::ALL`].
    pub statements: Vec<StatementStatistics>,
    /// How long reads and beginning transactions have taken beside their statements: waiting for a connection, above all. What was
    /// dropped meanwhile is not in it.
    pub waits: Snapshot,
    /// How many connections are open.
    pub connections: u32,
    /// How many of them nobody uses.
    pub idle: u32,
    /// How many there may be.
    pub most: u32,
}

/// What is known of the statements with one verb.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementStatistics {
    /// What they do.
    pub verb: Verb,
    /// How long they took, failed or not.
    pub latency: Snapshot,
    /// How many failed.
    pub failed: u64,
}

impl Statements {
    /// Counts no statement of `database`, only how long is waited.
    pub fn uncounted(database: &DatabaseConnection) -> Self {
        let of_verb = || OfVerb { latency: Histogram::new(Bounds::LATENCIES), failed: AtomicU64::new(0) };
        let verbs = std::array::from_fn(|_| of_verb());
        let counted = Arc::new(Counted { verbs, waits: Histogram::new(Bounds::LATENCIES) });
        Self { counted, pool: database.clone() }
    }

    /// Counts what is done from now on by `database`, and by what is cloned from it; nothing else hears of its statements any more.
    pub fn count(database: &mut DatabaseConnection) -> Self {
        let statements = Self::uncounted(database);
        let counting = Arc::clone(&statements.counted);
        database.set_metric_callback(move |info| {
            let of_verb = &counting.verbs[Verb::of(&info.statement.sql) as usize];
            of_verb.latency.record(info.elapsed);
            of_verb.failed.fetch_add(u64::from(info.failed), Ordering::Relaxed);
            // These fail only where nobody asks.
            let _ = SPENT.try_with(|spent| spent.set(spent.get() + info.elapsed));
            let _ = MADE.try_with(|made| made.set(made.get() + 1));
        });
        statements
    }

    /// Does `work` on the database, and counts how long it takes beside its statements.
    pub async fn waiting<T>(&self, work: impl Future<Output = T>) -> T {
        let begun = Instant::now();
        let work = async {
            let done = work.await;
            (done, SPENT.with(Cell::get))
        };
        let (done, spent) = SPENT.scope(Cell::default(), work).await;
        self.counted.waits.record(begun.elapsed().saturating_sub(spent));
        done
    }

    /// Does `work`, and counts the statements that are sent for it, whether they fail or not: those of databases that are
    /// [counted](Self::count), and none that another task sends.
    pub async fn made_by<T>(work: impl Future<Output = T>) -> (T, usize) {
        let work = async {
            let done = work.await;
            (done, MADE.with(Cell::get))
        };
        MADE.scope(Cell::default(), work).await
    }

    /// What is known so far.
    pub fn statistics(&self) -> DatabaseStatistics {
        let (connections, idle, most) = match &self.pool.inner {
            DatabaseConnectionType::SqlxPostgresPoolConnection(_) => {
                let pool = self.pool.get_postgres_connection_pool();
                (pool.size(), pool.num_idle(), pool.options().get_max_connections())
            }
            DatabaseConnectionType::SqlxSqlitePoolConnection(_) => {
                let pool = self.pool.get_sqlite_connection_pool();
                (pool.size(), pool.num_idle(), pool.options().get_max_connections())
            }
            _ => (0, 0, 0),
        };
        let statements = Verb::ALL.into_iter().zip(&self.counted.verbs).map(|(verb, of_verb)| StatementStatistics {
            verb,
            latency: of_verb.latency.snapshot(),
            failed: of_verb.failed.load(Ordering::Relaxed),
        });
        DatabaseStatistics {
            statements: statements.collect(),
            waits: self.counted.waits.snapshot(),
            connections,
            idle: u32::try_from(idle).unwrap_or(u32::MAX).min(connections),
            most,
        }
    }
}

impl DatabaseStatistics {
    /// How long all statements took together, failed or not.
    pub fn latency(&self) -> Snapshot {
        let mut all = Snapshot::empty(Bounds::LATENCIES);
        self.statements.iter().for_each(|statements| all.add(&statements.latency));
        all
    }

    /// How many statements failed.
    pub fn failed(&self) -> u64 {
        self.statements.iter().map(|statements| statements.failed).sum()
    }
}

impl Verb {
    /// All of them, in the order of their declaration.
    pub const ALL: [Self; 5] = [Self::Select, Self::Insert, Self::Update, Self::Delete, Self::Other];

    /// Its name, in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Select => "select",
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Other => "other",
        }
    }

    fn of(sql: &str) -> Self {
        let word =
            sql.trim_start().split(|character: char| !character.is_ascii_alphabetic()).next().unwrap_or_default();
        let is_word = |verb: &Self| verb.as_str().eq_ignore_ascii_case(word);
        Self::ALL.into_iter().find(is_word).unwrap_or(Self::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_told_by_its_first_word() {
        assert_eq!(Verb::of("SELECT 1"), Verb::Select);
        assert_eq!(Verb::of("  insert into todos"), Verb::Insert);
        assert_eq!(Verb::of("UPDATE\ntodos"), Verb::Update);
        assert_eq!(Verb::of("DELETE FROM todos"), Verb::Delete);
        assert_eq!(Verb::of("WITH a AS (SELECT 1) SELECT 2"), Verb::Other);
        assert_eq!(Verb::of("SELECTED"), Verb::Other);
        assert_eq!(Verb::of(""), Verb::Other);
    }
}
