use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement};

/// What the log's sequence has come to. The log itself may have been pruned.
const LAST: &str = "SELECT COALESCE(MAX(seq), 0) AS last FROM sqlite_sequence WHERE name = 'tidewater_change'";

/// The number of the last change in the log, with those that `transaction` has made, on SQLite: as it is the only one that writes, its
/// changes are those that have been numbered since it began. None on PostgreSQL, where each change tells who made it.
///
/// # Errors
/// What the database answers.
pub async fn last_number(transaction: &DatabaseTransaction) -> Result<Option<u64>, DbErr> {
    if transaction.get_database_backend() != DbBackend::Sqlite {
        return Ok(None);
    }
    let row = transaction.query_one_raw(Statement::from_string(DbBackend::Sqlite, LAST)).await?;
    row.map(|row| row.try_get::<i64>("", "last").map(i64::cast_unsigned)).transpose()
}
