use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    boolean, pk_uuid, small_integer, string, string_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid,
};

use crate::definition::{belongs_to, index, length, one_of};

const LOW: i16 = 0;
const MEDIUM: i16 = 1;
const HIGH: i16 = 2;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let todo = Table::create()
            .table("todo")
            .col(pk_uuid("id"))
            .col(uuid("user_id"))
            .col(string("text"))
            .col(string_null("notes"))
            .col(boolean("completed").default(false))
            .col(small_integer("priority").default(MEDIUM))
            .col(timestamp_with_time_zone_null("due_at"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone("updated_at"))
            .foreign_key(&mut belongs_to("user_id", "user"))
            .check(length("text", 1, 1_000))
            .check(length("notes", 0, 10_000))
            .check(one_of("priority", [LOW, MEDIUM, HIGH]))
            .to_owned();
        manager.create_table(todo).await?;
        for index in [
            index("todo", ["created_at", "id"]),
            index("todo", ["user_id", "created_at", "id"]),
            index("todo", ["user_id", "updated_at", "id"]),
            index("todo", ["user_id", "due_at", "id"]),
            index("todo", ["user_id", "priority", "id"]),
        ] {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("todo").to_owned()).await
    }
}
