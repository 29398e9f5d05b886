use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{pk_uuid, string, string_null, timestamp_with_time_zone, uuid};

use crate::definition::{belongs_to, index, length, one_of};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let user = Table::create()
            .table("user")
            .col(pk_uuid("id"))
            .col(string("email"))
            .col(string("name"))
            .col(string("role"))
            .col(string("password_hash"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone("updated_at"))
            .check(length("email", 3, 254))
            .check(length("name", 1, 100))
            .check(one_of("role", ["USER", "ADMIN"]))
            .to_owned();
        let profile = Table::create()
            .table("profile")
            .col(pk_uuid("user_id"))
            .col(string("bio"))
            .col(string_null("avatar_url"))
            .col(timestamp_with_time_zone("updated_at"))
            .foreign_key(&mut belongs_to("user_id", "user"))
            .check(length("bio", 0, 1_000))
            .check(length("avatar_url", 1, 2_000))
            .to_owned();
        let session = Table::create()
            .table("session")
            .col(pk_uuid("id"))
            .col(uuid("user_id"))
            .col(string("token_hash"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone("expires_at"))
            .foreign_key(&mut belongs_to("user_id", "user"))
            .check(length("token_hash", 64, 64))
            .to_owned();
        for table in [user, profile, session] {
            manager.create_table(table).await?;
        }
        for index in [
            index("user", ["email"]).unique().to_owned(),
            index("user", ["created_at", "id"]),
            index("session", ["token_hash"]).unique().to_owned(),
            index("session", ["user_id"]),
            index("session", ["expires_at"]),
        ] {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["session", "profile", "user"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
