use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{pk_uuid, string, timestamp_with_time_zone, uuid};

use crate::definition::{belongs_to, index, length, one_of};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let note = Table::create()
            .table("note")
            .col(pk_uuid("id"))
            .col(uuid("user_id"))
            .col(string("title"))
            .col(string("body"))
            .col(string("visibility"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone("updated_at"))
            .foreign_key(&mut belongs_to("user_id", "user"))
            .check(length("title", 1, 200))
            .check(length("body", 0, 50_000))
            .check(one_of("visibility", ["PRIVATE", "PUBLIC"]))
            .to_owned();
        manager.create_table(note).await?;
        for index in [
            index("note", ["created_at", "id"]),
            index("note", ["user_id", "created_at", "id"]),
            index("note", ["user_id", "updated_at", "id"]),
            index("note", ["user_id", "title", "id"]),
            index("note", ["visibility", "created_at", "id"]),
        ] {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("note").to_owned()).await
    }
}
