//! Step 1 of the recipe: the table. In the project: a file in `migration/src`, and a line in `Migrator::migrations()`.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{pk_uuid, string, timestamp_with_time_zone, uuid};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut owner = ForeignKey::create();
    owner.from_col("user_id").to("user", "id").on_delete(ForeignKeyAction::Cascade);
    let bookmark = Table::create()
        .table("bookmark")
        .col(pk_uuid("id"))
        .col(uuid("user_id"))
        .col(string("url"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(&mut owner)
        .to_owned();
    manager.create_table(bookmark).await?;
    let listed = Index::create()
        .name("bookmark_user_id_created_at_id")
        .table("bookmark")
        .col("user_id")
        .col("created_at")
        .col("id")
        .to_owned();
    manager.create_index(listed).await
}
