use sea_orm::sqlx::{self, PgPool};

use super::session::refuse_standby;
use crate::{Error, Mark, Snapshot};

const SETTINGS: &str = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = '60s'";

/// What is visible now.
pub(crate) async fn current(pool: &PgPool) -> Result<Mark, Error> {
    let mut connection = pool.acquire().await?;
    refuse_standby(&mut connection).await?;
    let text: String = sqlx::query_scalar("SELECT pg_current_snapshot()::text").fetch_one(&mut *connection).await?;
    snapshot(&text).map(Mark::Snapshot)
}

/// Deletes what is visible to `floor` and moves the log's floor there. Without effect where the floor is already past it, or
/// where `floor` is not part of this history: the server was restored since the mark was taken.
pub(crate) async fn prune(pool: &PgPool, floor: &Snapshot) -> Result<u64, Error> {
    let mut transaction = pool.begin().await?;
    let connection = &mut *transaction;
    sqlx::raw_sql(SETTINGS).execute(&mut *connection).await?;
    let lock = "SELECT floor::text FROM tidewater_floor FOR UPDATE";
    let installed: String = sqlx::query_scalar(lock)
        .fetch_optional(&mut *connection)
        .await?
        .ok_or_else(|| Error::different("tidewater_floor", "is empty"))?;
    let now: String = sqlx::query_scalar("SELECT pg_current_snapshot()::text").fetch_one(&mut *connection).await?;
    let (now, installed) = (Mark::Snapshot(snapshot(&now)?), Mark::Snapshot(snapshot(&installed)?));
    let mark = Mark::Snapshot(floor.clone());
    if !mark.includes(&installed) || !now.includes(&mark) {
        return Ok(0);
    }
    let text = floor.to_string();
    let delete = "DELETE FROM tidewater_change
        WHERE xid < pg_snapshot_xmax($1::text::pg_snapshot) AND pg_visible_in_snapshot(xid, $1::text::pg_snapshot)";
    let deleted = sqlx::query(delete).bind(&text).execute(&mut *connection).await?.rows_affected();
    if deleted == 0 {
        // The floor may stay, and with it every reader that has been idle.
        return Ok(0);
    }
    let moved = "UPDATE tidewater_floor SET floor = $1::text::pg_snapshot";
    sqlx::query(moved).bind(&text).execute(&mut *connection).await?;
    transaction.commit().await?;
    Ok(deleted)
}

fn snapshot(text: &str) -> Result<Snapshot, Error> {
    text.parse().map_err(|_| Error::different("tidewater_floor", "holds no snapshot"))
}
