use std::time::Duration;

use sea_orm::prelude::DateTimeUtc;
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, DeleteMany, EntityTrait, QueryFilter};

use crate::value::earlier;
use crate::{idempotency_record, session, session_activity, user};

/// How many rows one statement deletes at most: a larger one would count as a change of the whole table, and hold its locks long.
const BATCH: u64 = 500;

/// Deletes the sessions that are over at `moment`: those that have expired, that nobody has used for `idle_timeout`, and those whose
/// user has another role by now. They are not accepted in any case. Returns how many there were.
///
/// # Errors
/// As the database fails. What was deleted until then stays so.
pub async fn prune_sessions(
    database: &impl ConnectionTrait,
    moment: DateTimeUtc,
    idle_timeout: Duration,
) -> Result<u64, DbErr> {
    let unused_since = earlier(moment, idle_timeout);
    let of_session = (session::Entity, session::Column::Id);
    let used = Query::select()
        .expr(Expr::val(1))
        .from(session_activity::Entity)
        .and_where(Expr::col((session_activity::Entity, session_activity::Column::SessionId)).equals(of_session))
        .and_where(session_activity::Column::LastSeenAt.gt(unused_since))
        .take();
    let same_role = Query::select()
        .expr(Expr::val(1))
        .from(user::Entity)
        .and_where(Expr::col((user::Entity, user::Column::Id)).equals((session::Entity, session::Column::UserId)))
        .and_where(Expr::col((user::Entity, user::Column::Role)).equals((session::Entity, session::Column::Role)))
        .take();
    let over = Cond::any()
        .add(session::Column::ExpiresAt.lte(moment))
        .add(Cond::all().add(session::Column::CreatedAt.lte(unused_since)).add(Expr::exists(used).not()))
        .add(Expr::exists(same_role).not());
    let batch = Query::select().column(session::Column::Id).from(session::Entity).cond_where(over).limit(BATCH).take();
    let delete = session::Entity::delete_many().filter(session::Column::Id.in_subquery(batch));
    in_batches(database, delete).await
}

/// Deletes the records of mutations that are older than `retention` at `moment`: their keys are free again. Returns how many there
/// were.
///
/// # Errors
/// As the database fails. What was deleted until then stays so.
pub async fn prune_idempotency_records(
    database: &impl ConnectionTrait,
    moment: DateTimeUtc,
    retention: Duration,
) -> Result<u64, DbErr> {
    use idempotency_record::{Column, Entity};
    let over = Query::select()
        .columns([Column::UserId, Column::Key])
        .from(Entity)
        .and_where(Column::CreatedAt.lt(earlier(moment, retention)))
        .limit(BATCH)
        .take();
    let key = Expr::tuple([Expr::col(Column::UserId), Expr::col(Column::Key)]);
    in_batches(database, Entity::delete_many().filter(key.in_subquery(over))).await
}

/// Deletes until nothing is left of what `delete` deletes [`BATCH`] of.
async fn in_batches<E: EntityTrait>(database: &impl ConnectionTrait, delete: DeleteMany<E>) -> Result<u64, DbErr> {
    let mut deleted = 0;
    loop {
        let done = delete.clone().exec(database).await?.rows_affected;
        deleted += done;
        if done < BATCH {
            return Ok(deleted);
        }
    }
}
