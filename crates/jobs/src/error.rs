use sea_orm::DbErr;

/// Why a job was not done, or the rows could not be asked. What was done is done; tried again, the rest may be.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused a statement or could not be reached.
    #[error("the database failed: {0}")]
    Database(#[from] DbErr),
    /// A row cannot be written as JSON, or where an export is cannot be read.
    #[error("an export cannot be written: {0}")]
    Form(#[from] serde_json::Error),
}
