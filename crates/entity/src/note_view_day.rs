//! Who has seen notes lately. Not tracked: nothing reads it but the counting of views.

use sea_orm::entity::prelude::*;

/// Who has seen one note on one day, as far as it takes to tell how many.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "note_view_day")]
pub struct Model {
    /// The note.
    #[sea_orm(primary_key, auto_increment = false)]
    pub note_id: Uuid,
    /// The day, in UTC.
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: Date,
    /// How many have seen it. Part of the note's count.
    pub viewer_count: i64,
    /// Who: the bytes of a sketch, the first of which says of which form they are.
    pub sketch: Vec<u8>,
    /// The note.
    #[sea_orm(belongs_to, from = "note_id", to = "id", on_delete = "Cascade")]
    pub note: BelongsTo<super::note::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
