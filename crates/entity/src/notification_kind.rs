use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// Why a user is told something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum NotificationKind {
    /// The time has come at which the user wanted to be reminded of a todo.
    #[sea_orm(string_value = "REMINDER")]
    Reminder,
}
