use async_graphql::Enum;
use tidewater_entity as entity;

/// How far an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::ExportStatus")]
pub(crate) enum ExportStatus {
    /// It will be begun soon.
    Queued,
    /// It is being written.
    Running,
    /// The file can be downloaded, until the export expires.
    Done,
    /// It was not done within a day, and is given up.
    Failed,
}
