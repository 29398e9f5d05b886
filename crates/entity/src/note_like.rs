//! Who likes which notes.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use tidewater_changelog::{Column as TrackedColumn, Kind, Tracking};

use crate::Tracked;

/// One user likes one note.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "note_like", model_attrs(derive(Serialize, Deserialize)))]
pub struct Model {
    /// The note that is liked.
    #[sea_orm(primary_key, auto_increment = false)]
    pub note_id: Uuid,
    /// The user who likes it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    /// Since when.
    pub created_at: DateTimeUtc,
    /// The note that is liked.
    #[sea_orm(belongs_to, from = "note_id", to = "id", on_delete = "Cascade")]
    pub note: BelongsTo<super::note::Entity>,
    /// The user who likes it.
    #[sea_orm(belongs_to, from = "user_id", to = "id", on_delete = "Cascade")]
    pub user: BelongsTo<super::user::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tracked for Entity {
    const TRACKING: Tracking = Tracking::new(
        "note_like",
        &[TrackedColumn::new("note_id", Kind::Uuid), TrackedColumn::new("user_id", Kind::Uuid)],
        &[],
    );
}
