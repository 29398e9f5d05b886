//! What users tell about themselves.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use tidewater_changelog::{Column as TrackedColumn, Kind, Tracking};

use crate::Tracked;

/// The profile of one user.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "profile", model_attrs(derive(Serialize, Deserialize)))]
pub struct Model {
    /// The user whose profile it is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    /// A few sentences; at most 1,000 characters, possibly none.
    pub bio: String,
    /// Where a picture of the user is; at most 2,000 characters.
    pub avatar_url: Option<String>,
    /// When the row last changed.
    pub updated_at: DateTimeUtc,
    /// The user whose profile it is.
    #[sea_orm(belongs_to, from = "user_id", to = "id", on_delete = "Cascade")]
    pub user: BelongsTo<super::user::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tracked for Entity {
    const TRACKING: Tracking = Tracking::new("profile", &[TrackedColumn::new("user_id", Kind::Uuid)], &[]);
}
