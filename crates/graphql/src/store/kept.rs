use async_graphql::async_trait;
use tidewater_cache::{Holdings, Request};
use uuid::Uuid;

use super::Stored;
use super::reader::item_lookup;
use super::spaces::Spaces;
use crate::Error;

/// The rows of one entity, as far as this server and Redis keep them; whatever the entity.
#[async_trait::async_trait]
pub(crate) trait KeptRows: Send + Sync {
    /// The name of their table.
    fn table(&self) -> &'static str;

    /// Forgets the row with this primary key. Whether memory kept anything of it.
    fn forget(&self, key: Uuid) -> bool;

    /// What is kept of the rows with these primary keys, in their order. Asking changes nothing.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the database cannot be asked what has changed.
    async fn holdings(&self, request: &Request, keys: &[Uuid]) -> Result<Vec<Holdings>, Error>;
}

#[async_trait::async_trait]
impl<E: Stored> KeptRows for Spaces<E> {
    fn table(&self) -> &'static str {
        E::TRACKING.table
    }

    fn forget(&self, key: Uuid) -> bool {
        self.items.drop_kept(key.as_bytes())
    }

    async fn holdings(&self, request: &Request, keys: &[Uuid]) -> Result<Vec<Holdings>, Error> {
        let lookups: Vec<_> = keys.iter().map(item_lookup::<E>).collect();
        Ok(self.items.holdings(request, &lookups).await?)
    }
}
