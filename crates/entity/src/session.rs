//! Where users are signed in.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use tidewater_changelog::{Column as TrackedColumn, Kind, Tracking};

use crate::{Role, Tracked};

/// A session: what one sign-in gave.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "session", model_attrs(derive(Serialize, Deserialize)))]
pub struct Model {
    /// A UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The user who signed in.
    pub user_id: Uuid,
    /// The SHA-256 of the token, in lower-case hexadecimal digits; the token itself is not stored.
    #[sea_orm(unique)]
    pub token_hash: String,
    /// When the user signed in.
    pub created_at: DateTimeUtc,
    /// From when on the session is no longer accepted, however much it is used.
    pub expires_at: DateTimeUtc,
    /// The user's role when the session began. The session is not accepted while the user has another one.
    pub role: Role,
    /// What the user signed in with, as it calls itself; 1 to 200 characters.
    pub device: Option<String>,
    /// The user who signed in.
    #[sea_orm(belongs_to, from = "user_id", to = "id", on_delete = "Cascade")]
    pub user: BelongsTo<super::user::Entity>,
    /// When it was last used, if that has been recorded.
    #[sea_orm(has_one)]
    pub activity: HasOne<super::session_activity::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tracked for Entity {
    const TRACKING: Tracking = Tracking::new(
        "session",
        &[TrackedColumn::new("id", Kind::Uuid)],
        &[TrackedColumn::new("user_id", Kind::Uuid), TrackedColumn::new("token_hash", Kind::Text)],
    );
}
