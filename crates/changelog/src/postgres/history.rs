use std::time::Duration;

use futures::TryStreamExt;
use sea_orm::sqlx::{self, Row};

use super::poll::{Seen, logged};
use super::session::Session;
use crate::decode::Decoder;
use crate::log::{HISTORY_CHANGES, HISTORY_STEPS};
use crate::{Change, Error, Mark, Snapshot};

const HISTORY_TIMEOUT: Duration = Duration::from_secs(20);

/// One statement, as for a poll. The newest transactions come first, so that a limit keeps them.
const HISTORY: &str = "
    WITH seen AS MATERIALIZED (SELECT pg_current_snapshot() AS now)
    SELECT ARRAY[now::text, floor::text,
            concat_ws(' ', f.identity, f.tableoid, 'tidewater_change'::regclass::oid, pg_backend_pid())],
        NULL, NULL, NULL, NULL::text[], NULL::text[], NULL::text[], NULL::bigint
        FROM seen, tidewater_floor AS f WHERE f.singleton
    UNION ALL
    SELECT NULL, c.table_name, c.columns, c.operation::text, c.old_values, c.new_values, c.changed, c.xid::text::bigint
        FROM (SELECT * FROM tidewater_change AS l WHERE pg_visible_in_snapshot(l.xid, (SELECT now FROM seen))
            ORDER BY l.xid DESC LIMIT $1) AS c";

/// A change and the transaction that made it.
type Dated = (u64, Change);

/// The retained log, in the steps of [`crate::Poll::Restarted`].
pub(super) async fn history(
    session: &mut Session,
    decoder: &Decoder,
) -> Result<(Seen, Vec<(Mark, Vec<Change>)>), Error> {
    let (seen, mut changes) = crate::within(HISTORY_TIMEOUT, read(session, decoder)).await?;
    if !Mark::Snapshot(seen.now.clone()).includes(&Mark::Snapshot(seen.floor.clone())) {
        return Err(Error::different("tidewater_floor", "comes from another database server, by a dump"));
    }
    changes.sort_by_key(|(xid, _)| *xid);
    let oldest = oldest(&seen, &mut changes, HISTORY_CHANGES);
    let steps = steps(oldest, &seen.now, changes);
    Ok((seen, steps))
}

async fn read(session: &mut Session, decoder: &Decoder) -> Result<(Seen, Vec<Dated>), Error> {
    let query = sqlx::query(HISTORY).bind(HISTORY_CHANGES as i64 + 1);
    let mut rows = query.fetch(&mut session.connection);
    let (mut seen, mut changes) = (None, Vec::new());
    while let Some(row) = rows.try_next().await? {
        match Seen::read(&row)? {
            Some(found) => seen = Some(found),
            None => changes.push((row.try_get::<i64, _>(7)?.cast_unsigned(), decoder.change(logged(&row)?))),
        }
    }
    let seen = seen.ok_or_else(|| Error::different("tidewater_floor", "is empty"))?;
    Ok((seen, changes))
}

/// The oldest point from which `changes`, ascending, tell everything: the floor, or a later one if not all were read.
fn oldest(seen: &Seen, changes: &mut Vec<Dated>, limit: usize) -> Snapshot {
    if changes.len() <= limit {
        return seen.floor.clone();
    }
    // Not all of the oldest transaction may have been read.
    let partial = changes.first().map_or(0, |(xid, _)| *xid);
    let from = (partial + 1).clamp(seen.floor.xmax, seen.now.xmax);
    changes.retain(|(xid, _)| *xid >= from);
    cut(&seen.now, from)
}

/// What is visible now of the transactions below `xid`. Everything in the log that is visible now and below `xid` is visible to
/// it, and nothing else; so it includes the floor if `xid` is no less than the floor's xmax.
fn cut(now: &Snapshot, xid: u64) -> Snapshot {
    let running: Vec<u64> = now.running.iter().copied().filter(|running| *running < xid).collect();
    Snapshot { xmin: running.first().copied().unwrap_or(xid), xmax: xid, running }
}

fn steps(oldest: Snapshot, now: &Snapshot, changes: Vec<Dated>) -> Vec<(Mark, Vec<Change>)> {
    let size = changes.len().div_ceil(HISTORY_STEPS - 2).max(1);
    let earliest_cut = oldest.xmax;
    let mut steps = vec![(Mark::Snapshot(oldest), Vec::new())];
    let mut step = Vec::new();
    let mut before = None;
    for (xid, change) in changes {
        let may_cut = before != Some(xid) && xid >= earliest_cut && xid <= now.xmax;
        if step.len() >= size && may_cut {
            steps.push((Mark::Snapshot(cut(now, xid)), std::mem::take(&mut step)));
        }
        step.push(change);
        before = Some(xid);
    }
    steps.push((Mark::Snapshot(now.clone()), step));
    steps
}
