//! Whether this process can answer, looked at regularly, so that a question about it costs nothing.

use std::time::Duration;

use sea_orm::DatabaseConnection;
use serde::Serialize;
use tidewater_cache::Cache;
use tidewater_changelog::Tracking;
use tokio::sync::watch;
use tokio::time::timeout;

/// How long one look at the database may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is known of the parts that answers depend on. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Readiness {
    seen: watch::Receiver<Seen>,
    cache: Cache,
}

/// Why the parts that the last look covered cannot be used, where they cannot.
#[derive(Clone, Default, PartialEq, Eq)]
struct Seen {
    database: Option<String>,
    triggers: Option<String>,
}

/// The answer to whoever routes traffic.
#[derive(Serialize)]
pub(crate) struct Report {
    status: &'static str,
    parts: Parts,
}

#[derive(Serialize)]
struct Parts {
    database: Part,
    triggers: Part,
    change_log: Part,
    redis: Part,
}

/// One part's state, and why it is not well.
#[derive(Serialize)]
struct Part {
    status: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// It works.
    Up,
    /// Nothing can be answered without it.
    Down,
    /// Answers are right without it, only slower.
    Degraded,
    /// It is not configured.
    Absent,
}

impl Readiness {
    /// Starts to look every `interval`, for as long as this or a clone lives. What was found well until now counts as well.
    pub(crate) fn watch(
        database: DatabaseConnection,
        tracking: Vec<Tracking>,
        cache: Cache,
        interval: Duration,
    ) -> Self {
        let (sender, seen) = watch::channel(Seen::default());
        let gate = cache.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = tokio::time::sleep(interval) => {}
                    () = sender.closed() => return,
                }
                let now = look(&database, &tracking).await;
                poll(&gate).await;
                sender.send_if_modified(|seen| {
                    let changed = *seen != now;
                    if changed {
                        report_change(seen, &now);
                        *seen = now;
                    }
                    changed
                });
            }
        });
        Self { seen, cache }
    }

    /// How each part is.
    pub(crate) fn report(&self) -> Report {
        let seen = self.seen.borrow().clone();
        let health = self.cache.health();
        let parts = Parts {
            database: Part::needed(seen.database),
            triggers: Part::needed(seen.triggers),
            change_log: Part::needed(health.source.map(|_| "the change log cannot be polled".to_owned())),
            redis: match health.redis {
                None => Part { status: State::Absent, reason: None },
                Some(redis) if redis.reachable => Part { status: State::Up, reason: None },
                Some(_) => Part { status: State::Degraded, reason: Some("Redis does not answer".to_owned()) },
            },
        };
        let Parts { database, triggers, change_log, redis: _ } = &parts;
        let ready = [database, triggers, change_log].iter().all(|part| part.status == State::Up);
        Report { status: if ready { "ready" } else { "unready" }, parts }
    }
}

impl Report {
    /// Whether requests can be answered.
    pub(crate) fn is_ready(&self) -> bool {
        self.status == "ready"
    }
}

impl Part {
    fn needed(reason: Option<String>) -> Self {
        Self { status: if reason.is_some() { State::Down } else { State::Up }, reason }
    }
}

/// Asks for a poll of the change log, as a request would: its outcome is part of the cache's health. Otherwise a server that got
/// no traffic because a poll had failed would never learn that polls work again.
async fn poll(cache: &Cache) {
    let _ = cache.writing().settle(&cache.request()).await;
}

async fn look(database: &DatabaseConnection, tracking: &[Tracking]) -> Seen {
    // The sentences name no host: whoever can reach this server can read them.
    match timeout(PATIENCE, database.ping()).await {
        Ok(Ok(())) => {}
        _ => return Seen { database: Some("the database does not answer".to_owned()), triggers: None },
    }
    let triggers = match timeout(PATIENCE, tidewater_changelog::verify(database, tracking)).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(crate::error::one_line(&error)),
        Err(_) => Some("the triggers could not be looked at in time".to_owned()),
    };
    Seen { database: None, triggers }
}

fn report_change(before: &Seen, now: &Seen) {
    for (part, before, now) in
        [("database", &before.database, &now.database), ("triggers", &before.triggers, &now.triggers)]
    {
        match (before, now) {
            (None, Some(reason)) => tracing::error!(part, "not ready: {reason}"),
            (Some(_), None) => tracing::info!(part, "ready again"),
            _ => {}
        }
    }
}
