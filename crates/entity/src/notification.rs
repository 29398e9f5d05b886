//! What users are told.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use tidewater_changelog::{Column as TrackedColumn, Kind, Tracking};

use crate::{NotificationKind, Tracked};

/// A notification.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "notification", model_attrs(derive(Serialize, Deserialize)))]
pub struct Model {
    /// A UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The user who is told.
    pub user_id: Uuid,
    /// Why.
    pub kind: NotificationKind,
    /// The todo that it is about; none also when that is gone.
    pub todo_id: Option<Uuid>,
    /// What the user is told; 1 to 1,000 characters. It does not change with what it is about.
    pub text: String,
    /// When the row came to be.
    pub created_at: DateTimeUtc,
    /// When the user first said to have read it.
    pub read_at: Option<DateTimeUtc>,
    /// The user who is told.
    #[sea_orm(belongs_to, from = "user_id", to = "id", on_delete = "Cascade")]
    pub user: BelongsTo<super::user::Entity>,
    /// The todo that it is about.
    #[sea_orm(belongs_to, from = "todo_id", to = "id", on_delete = "SetNull")]
    pub todo: BelongsTo<Option<super::todo::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tracked for Entity {
    const TRACKING: Tracking = Tracking::new(
        "notification",
        &[TrackedColumn::new("id", Kind::Uuid)],
        &[TrackedColumn::new("user_id", Kind::Uuid), TrackedColumn::new("todo_id", Kind::Uuid)],
    );
}
