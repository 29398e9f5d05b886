use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// How much a todo matters.
///
/// Stored as a number, so that the database sorts by it as this type does: low, medium, high.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    EnumIter,
    DeriveActiveEnum,
    Serialize,
    Deserialize,
)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
pub enum Priority {
    /// Stored as 0.
    #[sea_orm(num_value = 0)]
    Low,
    /// Stored as 1.
    #[default]
    #[sea_orm(num_value = 1)]
    Medium,
    /// Stored as 2.
    #[sea_orm(num_value = 2)]
    High,
}
