use async_graphql::ID;
use futures::stream::{self, Stream};
use sea_orm::{DatabaseConnection, EntityTrait};
use tidewater_entity::{export, export_chunk, now};
use uuid::Uuid;

use super::Export;
use crate::api::Api;
use crate::caller::Caller;
use crate::{Error, id};

/// What became of a wish to download the file of an export.
#[derive(Debug)]
pub enum Download {
    /// The file.
    Ready(ExportFile),
    /// It is not written yet, or never was.
    Unfinished,
    /// It is not to be had any more.
    Expired,
}

/// The file of an export.
#[derive(Debug)]
pub struct ExportFile {
    database: DatabaseConnection,
    export: Uuid,
    chunks: i32,
}

impl Api {
    /// The file of the export with this id, for its owner.
    ///
    /// # Errors
    /// `NOT_FOUND` when `caller` has no such export; `UNAVAILABLE` and `INTERNAL` as elsewhere.
    pub async fn download(&self, caller: Caller, id: &str) -> Result<Download, Error> {
        const NOT_FOUND: Error = Error::NotFound("export");
        let key = id::decode(Export::PREFIX, "id", &ID::from(id)).map_err(|_| NOT_FOUND)?;
        let reader = self.store().reader();
        let viewer = match &caller.credential {
            Some(token) => self.viewer(&reader, token).await?,
            None => None,
        };
        let (viewer, _) = viewer.ok_or(NOT_FOUND)?;
        let export = reader.item::<export::Entity>(key).await?;
        let export = export.filter(|export| export.user_id == viewer.user).ok_or(NOT_FOUND)?;
        Ok(match (export.chunks, export.expires_at) {
            (_, Some(expires_at)) if expires_at <= now() => Download::Expired,
            (Some(chunks), Some(_)) => {
                Download::Ready(ExportFile { database: reader.source().clone(), export: export.id, chunks })
            }
            _ => Download::Unfinished,
        })
    }
}

impl ExportFile {
    /// The file from its beginning, in pieces of at most 256 KiB, each read when it is asked for. It ends with an error if it
    /// cannot be read to its end.
    pub fn pieces(self) -> impl Stream<Item = Result<Vec<u8>, Error>> + Send {
        stream::try_unfold((self, 0), async |(file, number)| {
            if number >= file.chunks {
                return Ok(None);
            }
            let key = (file.export, number);
            let piece = export_chunk::Entity::find_by_id(key).one(&file.database).await?;
            // Gone: the file has expired while it was read.
            let piece = piece.ok_or(Error::NotFound("export"))?;
            Ok(Some((piece.content, (file, number + 1))))
        })
    }
}
