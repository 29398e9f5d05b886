//! Step 2 of the recipe: the entity, and what the change log records of it. In the project: `crates/entity/src/bookmark.rs`,
//! and `bookmark::Entity::TRACKING` in `entity::tracking()`.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use tidewater_changelog::{Column as TrackedColumn, Kind, Tracking};
use tidewater_entity::Tracked;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "bookmark")]
pub(super) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(super) id: Uuid,
    pub(super) user_id: Uuid,
    pub(super) url: String,
    pub(super) created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(super) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Tracked for Entity {
    const TRACKING: Tracking = Tracking::new(
        "bookmark",
        &[TrackedColumn::new("id", Kind::Uuid)],
        &[TrackedColumn::new("user_id", Kind::Uuid)],
    );
}
