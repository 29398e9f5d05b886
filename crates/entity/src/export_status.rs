use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// How far an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum ExportStatus {
    /// Nobody has begun it.
    #[sea_orm(string_value = "QUEUED")]
    Queued,
    /// It is being made.
    #[sea_orm(string_value = "RUNNING")]
    Running,
    /// The whole file is there.
    #[sea_orm(string_value = "DONE")]
    Done,
    /// It could not be made in time.
    #[sea_orm(string_value = "FAILED")]
    Failed,
}
