//! When sessions were last used.

use std::time::Duration;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Order, Query};
use sea_orm::{ConnectionTrait, ExecResult};
use serde::{Deserialize, Serialize};
use tidewater_changelog::{Column as TrackedColumn, Kind, Tracking};

use crate::value::earlier;
use crate::{Tracked, session};

/// When a session was last used. A session that has none counts as used when it began.
///
/// It is not part of the session, because it changes much more often: what rests on a session must not change with it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "session_activity", model_attrs(derive(Serialize, Deserialize)))]
pub struct Model {
    /// The session.
    #[sea_orm(primary_key, auto_increment = false)]
    pub session_id: Uuid,
    /// When it was last used, as far as that has been recorded.
    pub last_seen_at: DateTimeUtc,
    /// The session.
    #[sea_orm(belongs_to, from = "session_id", to = "id", on_delete = "Cascade")]
    pub session: BelongsTo<super::session::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tracked for Entity {
    const TRACKING: Tracking = Tracking::new("session_activity", &[TrackedColumn::new("session_id", Kind::Uuid)], &[]);
}

/// Records that these sessions were used at `moment`, but for those that are recorded as used less than `interval` before it, or
/// later. Sessions that are gone are left out. Returns how many were recorded.
///
/// # Errors
/// As the database fails.
pub async fn record(
    database: &impl ConnectionTrait,
    sessions: &[Uuid],
    moment: DateTimeUtc,
    interval: Duration,
) -> Result<u64, DbErr> {
    let present = Query::select()
        .column(session::Column::Id)
        .expr(Expr::val(moment))
        .from(session::Entity)
        .and_where(Expr::col(session::Column::Id).is_in(sessions.iter().copied()))
        // In one order for all, so that two servers do not wait for each other.
        .order_by(session::Column::Id, Order::Asc)
        .take();
    let rare = Expr::col((Entity, Column::LastSeenAt)).lte(earlier(moment, interval));
    let again =
        OnConflict::column(Column::SessionId).update_column(Column::LastSeenAt).action_and_where(rare).to_owned();
    let mut insert = Query::insert();
    insert.into_table(Entity).columns([Column::SessionId, Column::LastSeenAt]);
    insert.select_from(present).map_err(|error| DbErr::Custom(error.to_string()))?;
    database.execute(insert.on_conflict(again)).await.map(|done: ExecResult| done.rows_affected())
}
