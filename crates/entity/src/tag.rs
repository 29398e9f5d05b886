//! What users sort their todos and notes by.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use tidewater_changelog::{Column as TrackedColumn, Kind, Tracking};

use crate::Tracked;

/// A tag. Only todos and notes of its own owner carry it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tag", model_attrs(derive(Serialize, Deserialize)))]
pub struct Model {
    /// A UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The user who owns it.
    #[sea_orm(unique_key = "name")]
    pub user_id: Uuid,
    /// What it is called; 1 to 50 characters, once per owner.
    #[sea_orm(unique_key = "name")]
    pub name: String,
    /// When the row came to be.
    pub created_at: DateTimeUtc,
    /// The user who owns it.
    #[sea_orm(belongs_to, from = "user_id", to = "id", on_delete = "Cascade")]
    pub user: BelongsTo<super::user::Entity>,
    /// The todos that carry it.
    #[sea_orm(has_many, via = "todo_tag")]
    pub todos: HasMany<super::todo::Entity>,
    /// The notes that carry it.
    #[sea_orm(has_many, via = "note_tag")]
    pub notes: HasMany<super::note::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tracked for Entity {
    const TRACKING: Tracking =
        Tracking::new("tag", &[TrackedColumn::new("id", Kind::Uuid)], &[TrackedColumn::new("user_id", Kind::Uuid)]);
}
