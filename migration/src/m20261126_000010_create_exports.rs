use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, blob, integer, integer_null, pk_uuid, small_integer, string, text, timestamp_with_time_zone,
    timestamp_with_time_zone_null, uuid,
};

use crate::definition::{belongs_to, index, one_of};

/// The exports that are still to be made.
const UNFINISHED: &str = "finished_at IS NULL";

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let progress = Check::named("progress_range", Expr::col("progress").between(0, 100));
        let export = Table::create()
            .table("export")
            .col(pk_uuid("id"))
            .col(uuid("user_id"))
            .col(string("status"))
            .col(small_integer("progress"))
            .col(integer_null("chunks"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone_null("finished_at"))
            .col(timestamp_with_time_zone_null("expires_at"))
            .foreign_key(&mut belongs_to("user_id", "user"))
            .check(one_of("status", ["QUEUED", "RUNNING", "DONE", "FAILED"]))
            .check(progress)
            .to_owned();
        // A file in pieces, so that neither who writes it nor who reads it holds it whole.
        let chunk = Table::create()
            .table("export_chunk")
            .col(uuid("export_id"))
            .col(integer("number"))
            .col(text("position"))
            .col(big_integer("items"))
            .col(blob("content"))
            .primary_key(Index::create().col("export_id").col("number"))
            .foreign_key(&mut belongs_to("export_id", "export"))
            .check(Check::named("content_length", Expr::cust("length(content) <= 262144")))
            .to_owned();
        for table in [export, chunk] {
            manager.create_table(table).await?;
        }
        let mut unfinished = index("export", ["user_id"]).unique().to_owned();
        unfinished.and_where(Expr::cust(UNFINISHED));
        for index in [unfinished, index("export", ["user_id", "created_at", "id"]), index("export", ["expires_at"])] {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["export_chunk", "export"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
