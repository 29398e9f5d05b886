use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{pk_uuid, string, timestamp_with_time_zone, uuid};

use crate::definition::{belongs_to, index, length};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tag = Table::create()
            .table("tag")
            .col(pk_uuid("id"))
            .col(uuid("user_id"))
            .col(string("name"))
            .col(timestamp_with_time_zone("created_at"))
            .foreign_key(&mut belongs_to("user_id", "user"))
            .check(length("name", 1, 50))
            .to_owned();
        let link = |table: &'static str, column: &'static str, carrier: &'static str| {
            Table::create()
                .table(table)
                .col(uuid(column))
                .col(uuid("tag_id"))
                .col(timestamp_with_time_zone("created_at"))
                .primary_key(Index::create().col(column).col("tag_id"))
                .foreign_key(&mut belongs_to(column, carrier))
                .foreign_key(&mut belongs_to("tag_id", "tag"))
                .to_owned()
        };
        for table in [tag, link("todo_tag", "todo_id", "todo"), link("note_tag", "note_id", "note")] {
            manager.create_table(table).await?;
        }
        for index in [
            index("tag", ["user_id", "name"]).unique().to_owned(),
            index("tag", ["created_at", "id"]),
            index("tag", ["user_id", "created_at", "id"]),
            index("todo_tag", ["tag_id", "todo_id"]),
            index("note_tag", ["tag_id", "note_id"]),
        ] {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["note_tag", "todo_tag", "tag"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
