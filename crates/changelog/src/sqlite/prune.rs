use sea_orm::sqlx::{self, SqlitePool};

use crate::{Error, Mark};

/// What is visible now.
pub(crate) async fn current(pool: &SqlitePool) -> Result<Mark, Error> {
    let last = "SELECT coalesce(max(sequence), 0) FROM tidewater_change";
    let last: i64 = sqlx::query_scalar(last).fetch_one(pool).await?;
    Ok(Mark::Sequence(last.cast_unsigned()))
}

/// Deletes what is visible to `floor`, but for its last row, by which a reader tells that the log is the one it read. Moves the
/// log's floor there. Without effect where the floor is already past it, or where the log does not reach it: the file was
/// restored since the mark was taken.
pub(crate) async fn prune(pool: &SqlitePool, floor: u64) -> Result<u64, Error> {
    let floor = floor.cast_signed();
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    let moved = "UPDATE tidewater_floor SET floor = ?1
        WHERE floor < ?1 AND EXISTS (SELECT 1 FROM tidewater_change WHERE sequence = ?1)";
    if sqlx::query(moved).bind(floor).execute(&mut *transaction).await?.rows_affected() == 0 {
        return Ok(0);
    }
    let delete = "DELETE FROM tidewater_change WHERE sequence < ?1";
    let deleted = sqlx::query(delete).bind(floor).execute(&mut *transaction).await?.rows_affected();
    if deleted == 0 {
        return Ok(0);
    }
    transaction.commit().await?;
    Ok(deleted)
}
