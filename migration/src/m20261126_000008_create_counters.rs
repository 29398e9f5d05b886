use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, date, pk_uuid, timestamp_with_time_zone, uuid};

use crate::definition::{belongs_to, index};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let like = Table::create()
            .table("note_like")
            .col(uuid("note_id"))
            .col(uuid("user_id"))
            .col(timestamp_with_time_zone("created_at"))
            .primary_key(Index::create().col("note_id").col("user_id"))
            .foreign_key(&mut belongs_to("note_id", "note"))
            .foreign_key(&mut belongs_to("user_id", "user"))
            .to_owned();
        let views = Table::create()
            .table("note_views")
            .col(pk_uuid("note_id"))
            .col(big_integer("view_count"))
            .col(big_integer("viewer_count"))
            .col(timestamp_with_time_zone("counted_at"))
            .foreign_key(&mut belongs_to("note_id", "note"))
            .to_owned();
        let day = Table::create()
            .table("note_view_day")
            .col(uuid("note_id"))
            .col(date("day"))
            .col(big_integer("viewer_count"))
            .col(binary("sketch"))
            .primary_key(Index::create().col("note_id").col("day"))
            .foreign_key(&mut belongs_to("note_id", "note"))
            .to_owned();
        let batch = Table::create()
            .table("view_batch")
            .col(pk_uuid("id"))
            .col(timestamp_with_time_zone("applied_at"))
            .to_owned();
        let secret = Table::create().table("view_secret").col(pk_uuid("id")).col(binary("secret")).to_owned();
        for table in [like, views, day, batch, secret] {
            manager.create_table(table).await?;
        }
        manager.create_index(index("note_like", ["user_id", "note_id"])).await?;
        manager.create_index(index("note_view_day", ["day"])).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["view_secret", "view_batch", "note_view_day", "note_views", "note_like"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
