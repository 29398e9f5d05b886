//! What mutations did that their clients may send again. Not tracked: it is read by nothing but the transactions that repeat one.

use sea_orm::entity::prelude::*;

/// The longest key, in characters.
pub const MAX_KEY: usize = 255;

/// The longest result, in bytes.
pub const MAX_RESULT: usize = 1 << 20;

/// A mutation that was done, and is not to be done again.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_record")]
pub struct Model {
    /// Whose mutation it was.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    /// What the user's client called it; at most [`MAX_KEY`] characters.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// The SHA-256 of the request, in lower-case hexadecimal digits.
    pub digest: String,
    /// What it did, in JSON; at most [`MAX_RESULT`] bytes. Missing only within the transaction that does it.
    #[sea_orm(column_type = "Text", nullable)]
    pub result: Option<String>,
    /// When it was begun.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
