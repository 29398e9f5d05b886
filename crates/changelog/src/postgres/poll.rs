use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::TryStreamExt;
use sea_orm::sqlx::{
    self, Row,
    postgres::{PgConnectOptions, PgRow},
};
use uuid::Uuid;

use super::history::history;
use super::session::{Session, options};
use crate::decode::{Decoder, Logged};
use crate::log::POLL_CHANGES;
use crate::{Change, Error, Generation, Mark, Origin, Poll, Snapshot, fault};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const POLL_TIMEOUT: Duration = Duration::from_secs(2);
/// How long an established connection may be silent before another one is tried. Its other end may be gone without a word.
const SILENCE: Duration = Duration::from_millis(600);

/// One statement, so one snapshot for all of it. Its first row is what is visible now, the floor, and the anchor; then come the
/// newly visible changes.
///
/// New can only be transactions that were running in the last snapshot ($1) and those from its xmax ($2) on. Each is looked up
/// by equality, and only if it is visible now: neither a long-running writer's rows nor an old xmin are scanned again at each
/// poll. After idle time they may be too many to look up one by one; then the log is read from $2 on.
const POLL: &str = "
    WITH seen AS MATERIALIZED (SELECT pg_current_snapshot() AS now),
    bounds AS MATERIALIZED (SELECT now, pg_snapshot_xmax(now)::text::bigint AS upper FROM seen),
    candidate AS (
        SELECT n::text::xid8 AS xid FROM unnest($1::bigint[]) AS n
        UNION ALL
        SELECT n::text::xid8 FROM generate_series($2, (SELECT upper FROM bounds) - 1) AS n
            WHERE (SELECT upper FROM bounds) - $2 <= 4096)
    SELECT ARRAY[now::text, floor::text,
            concat_ws(' ', f.identity, f.tableoid, 'tidewater_change'::regclass::oid, pg_backend_pid())],
        NULL, NULL, NULL, NULL::text[], NULL::text[], NULL::text[], NULL::bigint, NULL::bigint, NULL
        FROM seen, tidewater_floor AS f WHERE f.singleton
    UNION ALL
    SELECT NULL, c.table_name, c.columns, c.operation::text, c.old_values, c.new_values, c.changed,
            c.xid::text::bigint, c.sequence, c.writer
        FROM candidate AS x CROSS JOIN LATERAL (
            SELECT * FROM tidewater_change AS l WHERE l.xid = x.xid OFFSET 0) AS c
        WHERE pg_visible_in_snapshot(x.xid, (SELECT now FROM seen))
    UNION ALL
    SELECT NULL, c.table_name, c.columns, c.operation::text, c.old_values, c.new_values, c.changed,
            c.xid::text::bigint, c.sequence, c.writer
        FROM tidewater_change AS c
        WHERE (SELECT upper FROM bounds) - $2 > 4096 AND c.xid >= $2::text::xid8
            AND pg_visible_in_snapshot(c.xid, (SELECT now FROM seen))
    LIMIT $3";

#[derive(Debug)]
pub(crate) struct Log {
    options: PgConnectOptions,
    decoder: Decoder,
    /// Taken while a poll uses it, so one that failed or was dropped leaves none behind.
    session: Option<Session>,
    last: Option<Last>,
}

/// The last successful poll.
#[derive(Debug)]
struct Last {
    generation: String,
    snapshot: Snapshot,
    /// Set apart from every other generation after marks went backwards within one.
    suffix: String,
}

/// What one statement saw.
pub(super) struct Seen {
    pub(super) now: Snapshot,
    pub(super) floor: Snapshot,
    anchor: String,
}

impl Log {
    pub(crate) async fn connect(url: &str, decoder: Decoder) -> Result<Self, Error> {
        let options = options(url)?;
        let session = Session::open(&options, CONNECT_TIMEOUT).await?;
        Ok(Self { options, decoder, session: Some(session), last: None })
    }

    pub(crate) async fn poll(&mut self) -> Result<Poll, Error> {
        let begin = Instant::now();
        if let Some(session) = self.session.take() {
            match self.poll_on(session).await {
                // The log's tables were made anew.
                Ok(None) => (),
                // A connection that broke, or that nobody is at the other end of; one whose answer takes long would take as
                // long again.
                Err(Error::Unreachable(_)) if begin.elapsed() < POLL_TIMEOUT => (),
                done => return done?.ok_or_else(unreachable),
            }
        }
        let session = Session::open(&self.options, CONNECT_TIMEOUT).await?;
        self.poll_on(session).await?.ok_or_else(unreachable)
    }

    /// None when the session does not reach the log that it was opened for.
    async fn poll_on(&mut self, mut session: Session) -> Result<Option<Poll>, Error> {
        let joined = self.last.as_ref().filter(|last| last.generation == session.generation);
        if let Some(last) = joined {
            let (seen, (changes, origins)) =
                crate::within(POLL_TIMEOUT, news(&mut session, &last.snapshot, &self.decoder)).await?;
            if seen.anchor != session.anchor {
                return Ok(None);
            }
            let bounded = changes.len() <= POLL_CHANGES;
            let (last_mark, mark) = (Mark::Snapshot(last.snapshot.clone()), Mark::Snapshot(seen.now.clone()));
            let complete = last_mark.includes(&Mark::Snapshot(seen.floor)) || fault::is_off("floor");
            if bounded && mark.includes(&last_mark) && complete {
                if let Some(last) = &mut self.last {
                    last.snapshot = seen.now;
                }
                self.session = Some(session);
                return Ok(Some(Poll::Continued { mark, changes, origins }));
            }
        }
        self.restart(session).await
    }

    async fn restart(&mut self, mut session: Session) -> Result<Option<Poll>, Error> {
        let (seen, history) = history(&mut session, &self.decoder).await?;
        if seen.anchor != session.anchor {
            return Ok(None);
        }
        let backwards = |last: &&Last| {
            let (now, then) = (Mark::Snapshot(seen.now.clone()), Mark::Snapshot(last.snapshot.clone()));
            last.generation == session.generation && !now.includes(&then)
        };
        let suffix = match &self.last {
            Some(last) if backwards(&last) => format!(".{}", Uuid::new_v4().simple()),
            Some(last) if last.generation == session.generation => last.suffix.clone(),
            _ => String::new(),
        };
        let generation = Generation::new(format!("{}{suffix}", session.generation));
        self.last = Some(Last { generation: session.generation.clone(), snapshot: seen.now, suffix });
        self.session = Some(session);
        Ok(Some(Poll::Restarted { generation, history }))
    }
}

fn unreachable() -> Error {
    Error::Unreachable("the log was made anew meanwhile, or a transaction pooler stands between".to_owned())
}

async fn news(
    session: &mut Session,
    last: &Snapshot,
    decoder: &Decoder,
) -> Result<(Seen, (Vec<Change>, Vec<Origin>)), Error> {
    let mut writers = Writers::default();
    let running = if fault::is_off("snapshot") { &[] } else { last.running.as_slice() };
    let running: Vec<i64> = running.iter().map(|xid| xid.cast_signed()).collect();
    // One row too many tells that there are too many, and one comes before the changes.
    let limit = POLL_CHANGES as i64 + 2;
    let query = sqlx::query(POLL).bind(running).bind(last.xmax.cast_signed()).bind(limit);
    let mut rows = query.fetch(&mut session.connection);
    let mut seen = None;
    let mut changes = Vec::new();
    while let Some(row) = crate::within(SILENCE, async { Ok(rows.try_next().await?) }).await? {
        match Seen::read(&row)? {
            Some(found) => seen = Some(found),
            None => {
                let change = decoder.change(logged(&row)?);
                let writer = writers.shared(row.try_get(9)?);
                changes.push(Written { xid: row.try_get(7)?, sequence: row.try_get(8)?, writer, change });
            }
        }
    }
    drop(rows);
    let seen = seen.ok_or_else(|| Error::different("tidewater_floor", "is empty"))?;
    Ok((seen, in_order(changes)))
}

/// A change, with what tells when it was written.
struct Written {
    xid: i64,
    sequence: i64,
    writer: Option<Arc<str>>,
    change: Change,
}

/// The names of writers, most of whom write more than one change: each is kept once.
#[derive(Default)]
struct Writers(Option<Arc<str>>);

impl Writers {
    fn shared(&mut self, name: Option<String>) -> Option<Arc<str>> {
        let name = name.filter(|name| !name.is_empty())?;
        match &self.0 {
            Some(last) if **last == *name => {}
            _ => self.0 = Some(name.into()),
        }
        self.0.clone()
    }
}

/// Each transaction's changes as they were written, and the transactions by their last change.
///
/// A row is locked from when it is changed until the transaction ends. So of two transactions that changed one row, the second wrote
/// that change after the first one's last, and comes after it.
fn in_order(mut changes: Vec<Written>) -> (Vec<Change>, Vec<Origin>) {
    let mut last: HashMap<i64, i64> = HashMap::new();
    for Written { xid, sequence, .. } in &changes {
        let last = last.entry(*xid).or_insert(*sequence);
        *last = (*last).max(*sequence);
    }
    changes.sort_unstable_by_key(|written| (last.get(&written.xid).copied(), written.sequence));
    let told = changes.into_iter().map(|Written { xid, sequence, writer, change }| {
        let origin = Origin { transaction: Some(xid.cast_unsigned()), writer, sequence: sequence.cast_unsigned() };
        (change, origin)
    });
    told.unzip()
}

impl Seen {
    /// None for the row of a change.
    pub(super) fn read(row: &PgRow) -> Result<Option<Self>, Error> {
        let Some(texts) = row.try_get::<Option<Vec<String>>, _>(0)? else { return Ok(None) };
        let rubbish = || Error::different("tidewater_floor", "holds no snapshot");
        let [now, floor, anchor] = <[String; 3]>::try_from(texts).map_err(|_| rubbish())?;
        let (now, floor) = (now.parse().map_err(|_| rubbish())?, floor.parse().map_err(|_| rubbish())?);
        Ok(Some(Self { now, floor, anchor }))
    }
}

/// The columns of a change, which follow the one that [`Seen`] is read from.
pub(super) fn logged(row: &PgRow) -> Result<Logged, Error> {
    Ok(Logged {
        table: row.try_get(1)?,
        columns: row.try_get(2)?,
        operation: row.try_get(3)?,
        old: row.try_get::<Option<_>, _>(4)?.unwrap_or_default(),
        new: row.try_get::<Option<_>, _>(5)?.unwrap_or_default(),
        changed: row.try_get(6)?,
    })
}
