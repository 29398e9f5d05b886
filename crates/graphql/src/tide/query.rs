use std::sync::Arc;

use async_graphql::{Context, Object};

use super::object::Tide;
use super::overseer;
use crate::{Error, scope};

/// Reading what the server does.
#[derive(Default)]
pub(crate) struct TideQuery;

#[Object]
impl TideQuery {
    /// What the caches of the server that answers do and know. For an ADMIN, or for everybody in development.
    async fn tide(&self, context: &Context<'_>) -> Result<Tide, Error> {
        overseer(context)?;
        let reader = &scope(context)?.reader;
        // It is of this moment only.
        reader.request().rests_on_the_unknown();
        Ok(Tide(Arc::clone(reader.store())))
    }
}
