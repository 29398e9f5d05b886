use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// What a user may see and change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Role {
    /// What is theirs, and what is public.
    #[sea_orm(string_value = "USER")]
    User,
    /// Everything.
    #[sea_orm(string_value = "ADMIN")]
    Admin,
}
