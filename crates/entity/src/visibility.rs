use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// Who may see a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Visibility {
    /// Its owner.
    #[sea_orm(string_value = "PRIVATE")]
    Private,
    /// Everybody.
    #[sea_orm(string_value = "PUBLIC")]
    Public,
}
