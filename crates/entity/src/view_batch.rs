//! Which batches of views have been added to the counts. Not tracked: nothing reads it but the counting of views.

use sea_orm::entity::prelude::*;

/// A batch that has been added, and must not be again.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "view_batch")]
pub struct Model {
    /// The batch's id: a UUIDv7 of the time when it was opened.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// When it was added.
    pub applied_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
