//! How often notes were seen, as far as that has been counted.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use tidewater_changelog::{Column as TrackedColumn, Kind, Tracking};

use crate::Tracked;

/// How often one note was seen. Apart from the note, so that counting does not change it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "note_views", model_attrs(derive(Serialize, Deserialize)))]
pub struct Model {
    /// The note.
    #[sea_orm(primary_key, auto_increment = false)]
    pub note_id: Uuid,
    /// How often.
    pub view_count: i64,
    /// By how many, where each counts once a day.
    pub viewer_count: i64,
    /// When views were last added.
    pub counted_at: DateTimeUtc,
    /// The note.
    #[sea_orm(belongs_to, from = "note_id", to = "id", on_delete = "Cascade")]
    pub note: BelongsTo<super::note::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tracked for Entity {
    const TRACKING: Tracking = Tracking::new("note_views", &[TrackedColumn::new("note_id", Kind::Uuid)], &[]);
}
