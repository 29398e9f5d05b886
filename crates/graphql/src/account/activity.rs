use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use moka::sync::Cache;
use sea_orm::DatabaseConnection;
use tidewater_entity::{cause, session, session_activity};
use tokio::sync::mpsc;
use tokio::time::timeout;
use uuid::Uuid;

use crate::Error;
use crate::store::Store;

/// How often the use of one session is recorded at most, unless sessions are idle sooner than in ten minutes.
const INTERVAL: Duration = Duration::from_secs(60);
/// Else so many times before it would be idle.
const RECORDS: u32 = 10;

/// How many sessions are known at once. One that is forgotten costs a statement when it is used again.
const KNOWN: u64 = 1 << 16;

/// How many uses may wait to be recorded. Those beyond are recorded at a later use.
const WAITING: usize = 4096;
/// How many are recorded by one statement.
const BATCH: usize = 256;
const RECORDING_TIMEOUT: Duration = Duration::from_secs(15);

/// When sessions were last used: who has not used theirs for a while is signed out.
///
/// What decides is what the database holds, on each server alike. A server notes when a session was used and records it behind the
/// answer, at most once in an [interval](Self::interval): so a session ends that much too early at most. What a server knows of it is
/// never later than what is recorded, so a session that looks alive here is alive, and only before one is refused is the database
/// asked.
#[derive(Debug)]
pub(crate) struct Activity {
    idle_timeout: Duration,
    known: Cache<Uuid, Arc<Seen>>,
    unrecorded: mpsc::Sender<Arc<Seen>>,
}

/// What is known of the use of one session. Times are microseconds since 1970.
#[derive(Debug)]
pub(crate) struct Seen {
    session: Uuid,
    /// When it was last used, as far as that is known to be recorded.
    recorded: AtomicI64,
    /// When it was last used by a request whose use was to be recorded.
    noted: AtomicI64,
}

impl Activity {
    /// Records uses in `database` until it is dropped. Must be called within a runtime.
    pub(crate) fn follow(database: DatabaseConnection, idle_timeout: Duration) -> Self {
        let (unrecorded, waiting) = mpsc::channel(WAITING);
        let activity = Self { idle_timeout, known: Cache::new(KNOWN), unrecorded };
        tokio::spawn(record(database, activity.interval(), waiting));
        activity
    }

    /// What is known of the use of `session`, or nothing if it has not been used for too long.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the database cannot be asked.
    pub(crate) async fn alive(
        &self,
        store: &Arc<Store>,
        session: &session::Model,
        now: DateTime<Utc>,
    ) -> Result<Option<Arc<Seen>>, Error> {
        let begun = session.created_at.timestamp_micros();
        let seen = self.known.get_with(session.id, || Arc::new(Seen::new(session.id, begun)));
        if self.is_alive(&seen, now) {
            return Ok(Some(seen));
        }
        // By a request of its own: the answer does not rest on when the session was last used, or it would change each minute.
        let row = store.reader().item::<session_activity::Entity>(session.id).await?;
        seen.was_recorded(row.map_or(begun, |row| row.last_seen_at.timestamp_micros()));
        Ok(self.is_alive(&seen, now).then_some(seen))
    }

    /// Whether the session is in use still, as far as this server knows. If not, it may be so nevertheless.
    pub(crate) fn is_alive(&self, seen: &Seen, now: DateTime<Utc>) -> bool {
        since(seen.recorded.load(Ordering::Relaxed), now) < micros(self.idle_timeout)
    }

    /// Notes that the session is used, and lets that be recorded if it is time to. Waits for nothing.
    pub(crate) fn used(&self, seen: &Arc<Seen>, now: DateTime<Utc>) {
        let interval = micros(self.interval());
        if since(seen.recorded.load(Ordering::Relaxed), now) < interval {
            return;
        }
        let noted = seen.noted.load(Ordering::Relaxed);
        let is_due = since(noted, now) >= interval;
        let now = now.timestamp_micros();
        if is_due && seen.noted.compare_exchange(noted, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            // If too many wait, a use is recorded an interval later.
            let _ = self.unrecorded.try_send(Arc::clone(seen));
        }
    }

    fn interval(&self) -> Duration {
        INTERVAL.min(self.idle_timeout / RECORDS)
    }
}

impl Seen {
    fn new(session: Uuid, recorded: i64) -> Self {
        Self { session, recorded: AtomicI64::new(recorded), noted: AtomicI64::new(i64::MIN) }
    }

    fn was_recorded(&self, moment: i64) {
        self.recorded.fetch_max(moment, Ordering::Relaxed);
    }
}

/// Records what comes, as much as waits at a time. A failure is logged when it begins and when it is over.
async fn record(database: DatabaseConnection, interval: Duration, mut waiting: mpsc::Receiver<Arc<Seen>>) {
    let mut batch: Vec<Arc<Seen>> = Vec::with_capacity(BATCH);
    let mut is_failing = false;
    while waiting.recv_many(&mut batch, BATCH).await > 0 {
        let failure = match timeout(RECORDING_TIMEOUT, record_all(&database, interval, &batch)).await {
            Ok(recorded) => recorded.err().map(|error| cause(&error)),
            Err(_) => Some(format!("no answer within {RECORDING_TIMEOUT:?}")),
        };
        match &failure {
            Some(reason) if !is_failing => {
                tracing::warn!(%reason, "it cannot be recorded which sessions are used; they may end too early");
            }
            None if is_failing => tracing::info!("it is recorded again which sessions are used"),
            _ => {}
        }
        is_failing = failure.is_some();
        batch.clear();
    }
}

async fn record_all(
    database: &DatabaseConnection,
    interval: Duration,
    batch: &[Arc<Seen>],
) -> Result<(), sea_orm::DbErr> {
    // All by one time, which is too early for some rather than too late.
    let noted = batch.iter().map(|seen| seen.noted.load(Ordering::Relaxed)).min();
    let Some(moment) = noted.and_then(DateTime::from_timestamp_micros) else { return Ok(()) };
    let sessions: Vec<Uuid> = batch.iter().map(|seen| seen.session).collect();
    let recorded = session_activity::record(database, &sessions, moment, interval).await?;
    // Where another server was faster, it recorded a use less than an interval before this one.
    let is_all = recorded == batch.len() as u64;
    let known = moment.timestamp_micros().saturating_sub(if is_all { 0 } else { micros(interval) });
    batch.iter().for_each(|seen| seen.was_recorded(known));
    Ok(())
}

/// How many microseconds have passed by `now`.
fn since(moment: i64, now: DateTime<Utc>) -> i64 {
    now.timestamp_micros().saturating_sub(moment)
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
