//! What turns the address of a viewer into a number that does not tell the address.

use sea_orm::entity::prelude::*;

/// A secret of this deployment. There is one row, with the id 0.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "view_secret")]
pub struct Model {
    /// Always 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The secret: random bytes.
    pub secret: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
