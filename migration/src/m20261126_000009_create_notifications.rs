use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    pk_uuid, string, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null,
};

use crate::definition::{belongs_to, index, length, one_of};

/// The reminders that are still to be given. Whoever looks for them must ask in these words, or the index is of no use.
const PENDING: &str = "remind_at IS NOT NULL AND NOT completed AND (reminded_for IS NULL OR reminded_for <> remind_at)";

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column at a time.
        for column in ["remind_at", "reminded_for"] {
            let mut column = timestamp_with_time_zone_null(column);
            manager.alter_table(Table::alter().table("todo").add_column(&mut column).to_owned()).await?;
        }
        let mut due = index("todo", ["remind_at"]);
        due.and_where(Expr::cust(PENDING));
        manager.create_index(due).await?;

        let notification = Table::create()
            .table("notification")
            .col(pk_uuid("id"))
            .col(uuid("user_id"))
            .col(string("kind"))
            .col(uuid_null("todo_id"))
            .col(string("text"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone_null("read_at"))
            .foreign_key(&mut belongs_to("user_id", "user"))
            // What somebody was told stays told when its cause is gone.
            .foreign_key(belongs_to("todo_id", "todo").on_delete(ForeignKeyAction::SetNull))
            .check(one_of("kind", ["REMINDER"]))
            .check(length("text", 1, 1_000))
            .to_owned();
        manager.create_table(notification).await?;
        for index in [index("notification", ["user_id", "created_at", "id"]), index("notification", ["todo_id"])] {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("notification").to_owned()).await?;
        manager.drop_index(Index::drop().table("todo").name("todo_by_remind_at").to_owned()).await?;
        for column in ["reminded_for", "remind_at"] {
            manager.alter_table(Table::alter().table("todo").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
