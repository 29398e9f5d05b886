use sea_orm::DbErr;
use tidewater_entity::cause;

/// Why a job was not done, or the rows could not be asked. What was done is done; tried again, the rest may be. Displays without anything
/// that is in rows.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused a statement or could not be reached.
    #[error("the database failed: {}", cause(.0))]
    Database(#[from] DbErr),
    /// A row cannot be written as JSON, or where an export is cannot be read.
    #[error("an export cannot be written: its line {}, column {} cannot be read or written", .0.line(), .0.column())]
    Form(#[from] serde_json::Error),
}
