use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

/// The time by the clock of the database, whichever node asks.
pub(crate) async fn now(database: &impl ConnectionTrait) -> Result<DateTime<Utc>, DbErr> {
    let backend = database.get_database_backend();
    if backend == DbBackend::Sqlite {
        return Ok(tidewater_entity::now());
    }
    let row = database.query_one_raw(Statement::from_string(backend, "SELECT clock_timestamp() AS now")).await?;
    row.ok_or_else(|| DbErr::RecordNotFound("the time".to_owned()))?.try_get("", "now")
}
