//! Files of all that is a user's.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use tidewater_changelog::{Column as TrackedColumn, Kind, Tracking};

use crate::{ExportStatus, Tracked};

/// An export. A user has at most one that is not finished.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "export", model_attrs(derive(Serialize, Deserialize)))]
pub struct Model {
    /// A UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The user whose data it is of, and who asked for it.
    pub user_id: Uuid,
    /// How far it is.
    pub status: ExportStatus,
    /// How much of it is written, in percent; 100 when all is.
    pub progress: i16,
    /// In how many pieces its file is; none before it is done.
    pub chunks: Option<i32>,
    /// When the row came to be.
    pub created_at: DateTimeUtc,
    /// When it was done or has failed.
    pub finished_at: Option<DateTimeUtc>,
    /// From when on the file is not to be had any more; none before it is done.
    pub expires_at: Option<DateTimeUtc>,
    /// The user whose data it is of.
    #[sea_orm(belongs_to, from = "user_id", to = "id", on_delete = "Cascade")]
    pub user: BelongsTo<super::user::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The exports that are neither done nor have failed.
    pub fn unfinished() -> Select<Self> {
        Self::find().filter(Column::FinishedAt.is_null())
    }
}

impl Tracked for Entity {
    const TRACKING: Tracking =
        Tracking::new("export", &[TrackedColumn::new("id", Kind::Uuid)], &[TrackedColumn::new("user_id", Kind::Uuid)]);
}
