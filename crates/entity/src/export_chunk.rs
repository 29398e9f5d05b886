//! The pieces of exports' files. Not tracked: nobody caches them.

use sea_orm::entity::prelude::*;

/// The largest piece, in bytes.
pub const MAX_CONTENT: usize = 256 << 10;

/// A piece of an export's file.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "export_chunk")]
pub struct Model {
    /// The export.
    #[sea_orm(primary_key, auto_increment = false)]
    pub export_id: Uuid,
    /// Its number, counted from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    /// Where whoever goes on with the export begins, in the form that the exporter gives it. The last piece's counts.
    #[sea_orm(column_type = "Text")]
    pub position: String,
    /// How many rows the file has up to here.
    pub items: i64,
    /// The bytes; at most [`MAX_CONTENT`].
    #[sea_orm(column_type = "Blob")]
    pub content: Vec<u8>,
}

/// None: pieces go with their export, and nobody asks for both.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
