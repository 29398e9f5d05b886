use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{pk_uuid, timestamp_with_time_zone};

use crate::definition::belongs_to;

/// A session records what it was begun with, and in a table of its own when it was last used: that changes each minute, and whatever
/// rests on the session itself must not change with it. One that was never recorded as used counts as used when it began.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = [
            // As text, because SQLite takes the check with the column or never.
            "role varchar NOT NULL DEFAULT 'USER' CONSTRAINT session_role_known CHECK (role IN ('USER', 'ADMIN'))",
            "device varchar CONSTRAINT session_device_length CHECK (length(device) BETWEEN 1 AND 200)",
        ];
        let connection = manager.get_connection();
        for column in columns {
            connection.execute_unprepared(&format!("ALTER TABLE session ADD COLUMN {column}")).await?;
        }
        let present = "UPDATE session SET role = (SELECT role FROM \"user\" WHERE \"user\".id = session.user_id)";
        connection.execute_unprepared(present).await?;

        let activity = Table::create()
            .table("session_activity")
            .col(pk_uuid("session_id"))
            .col(timestamp_with_time_zone("last_seen_at"))
            .foreign_key(&mut belongs_to("session_id", "session"))
            .to_owned();
        manager.create_table(activity).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("session_activity").to_owned()).await?;
        for column in ["device", "role"] {
            manager.alter_table(Table::alter().table("session").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
