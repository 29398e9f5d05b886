use sea_orm_migration::prelude::*;

use crate::definition::index;

/// Administrators see all users, ordered by name too, and those of one role. Addresses, which are unique, have their index already.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_index(index("user", ["name", "id"])).await?;
        manager.create_index(index("user", ["role", "created_at", "id"])).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["user_by_name_id", "user_by_role_created_at_id"] {
            manager.drop_index(Index::drop().table("user").name(name).to_owned()).await?;
        }
        Ok(())
    }
}
