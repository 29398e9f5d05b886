use chrono::TimeDelta;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Set, Statement};
use tidewater_entity::{ExportStatus, export};

use crate::{Context, Error, clock};

/// How long an export may take, waiting included, before nobody tries any more.
const PATIENCE: TimeDelta = TimeDelta::hours(24);

/// How long it is known of an export that it has expired.
const REMEMBERED: TimeDelta = TimeDelta::days(7);

/// Deletes 64 MiB of files at most, so that no statement takes long.
const DELETE_CONTENT: &str = "DELETE FROM export_chunk WHERE (export_id, number) IN (
    SELECT export_id, number FROM export_chunk JOIN export ON export.id = export_id WHERE expires_at <= $1 LIMIT 256)";

/// Gives up exports that do not get done, deletes the files of those that have expired, and forgets those that expired long ago.
pub(crate) async fn exports(context: &Context) -> Result<(), Error> {
    let database = &context.database;
    let now = clock::now(database).await?;
    let failed = export::ActiveModel {
        status: Set(ExportStatus::Failed),
        finished_at: Set(Some(now)),
        expires_at: Set(Some(now)),
        ..Default::default()
    };
    export::Entity::update_many()
        .set(failed)
        .filter(export::Column::FinishedAt.is_null())
        .filter(export::Column::CreatedAt.lte(now - PATIENCE))
        .exec(database)
        .await?;
    let delete = Statement::from_sql_and_values(database.get_database_backend(), DELETE_CONTENT, [now.into()]);
    while database.execute_raw(delete.clone()).await?.rows_affected() > 0 {}
    export::Entity::delete_many().filter(export::Column::ExpiresAt.lte(now - REMEMBERED)).exec(database).await?;
    Ok(())
}
