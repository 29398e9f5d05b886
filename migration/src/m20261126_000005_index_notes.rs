use sea_orm_migration::prelude::*;

use crate::definition::index;

/// For whom every note is visible there is no owner and no visibility to search by: each order needs an index of its own.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for order in ["updated_at", "title"] {
            manager.create_index(index("note", [order, "id"])).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for order in ["updated_at", "title"] {
            let name = format!("note_by_{order}_id");
            manager.drop_index(Index::drop().table("note").name(name).to_owned()).await?;
        }
        Ok(())
    }
}
