use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{string, text_null, timestamp_with_time_zone, uuid};

use crate::definition::{belongs_to, index, length};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let record = Table::create()
            .table("idempotency_record")
            .col(uuid("user_id"))
            .col(string("key"))
            .col(string("digest"))
            .col(text_null("result"))
            .col(timestamp_with_time_zone("created_at"))
            .primary_key(Index::create().col("user_id").col("key"))
            .foreign_key(&mut belongs_to("user_id", "user"))
            .check(length("key", 1, 255))
            .check(length("digest", 64, 64))
            .to_owned();
        manager.create_table(record).await?;
        manager.create_index(index("idempotency_record", ["created_at"])).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("idempotency_record").to_owned()).await
    }
}
