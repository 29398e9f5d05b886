//! What users write down.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use tidewater_changelog::{Column as TrackedColumn, Kind, Tracking};

use crate::{Tracked, Visibility};

/// A note.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "note", model_attrs(derive(Serialize, Deserialize)))]
pub struct Model {
    /// A UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The user who owns it.
    pub user_id: Uuid,
    /// What it is about; 1 to 200 characters.
    pub title: String,
    /// The note itself; at most 50,000 characters, possibly none.
    pub body: String,
    /// Who may see it.
    pub visibility: Visibility,
    /// When the row came to be.
    pub created_at: DateTimeUtc,
    /// When the row last changed.
    pub updated_at: DateTimeUtc,
    /// The user who owns it.
    #[sea_orm(belongs_to, from = "user_id", to = "id", on_delete = "Cascade")]
    pub user: BelongsTo<super::user::Entity>,
    /// The tags that it carries.
    #[sea_orm(has_many, via = "note_tag")]
    pub tags: HasMany<super::tag::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tracked for Entity {
    const TRACKING: Tracking = Tracking::new(
        "note",
        &[TrackedColumn::new("id", Kind::Uuid)],
        &[TrackedColumn::new("user_id", Kind::Uuid), TrackedColumn::new("visibility", Kind::Text)],
    );
    const SHOWN: &'static [&'static str] = &["visibility"];
}
