//! Which todos carry which tags.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use tidewater_changelog::{Column as TrackedColumn, Kind, Tracking};

use crate::Tracked;

/// One todo carries one tag.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "todo_tag", model_attrs(derive(Serialize, Deserialize)))]
pub struct Model {
    /// The todo that carries the tag.
    #[sea_orm(primary_key, auto_increment = false)]
    pub todo_id: Uuid,
    /// The tag that is carried.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tag_id: Uuid,
    /// When the todo was given the tag.
    pub created_at: DateTimeUtc,
    /// The todo that carries the tag.
    #[sea_orm(belongs_to, from = "todo_id", to = "id", on_delete = "Cascade")]
    pub todo: BelongsTo<super::todo::Entity>,
    /// The tag that is carried.
    #[sea_orm(belongs_to, from = "tag_id", to = "id", on_delete = "Cascade")]
    pub tag: BelongsTo<super::tag::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tracked for Entity {
    const TRACKING: Tracking = Tracking::new(
        "todo_tag",
        &[TrackedColumn::new("todo_id", Kind::Uuid), TrackedColumn::new("tag_id", Kind::Uuid)],
        &[],
    );
}
