use async_graphql::{Context, Subscription};
use futures::{Stream, StreamExt};

use super::change::TideChange;
use super::overseer;
use crate::Error;
use crate::subscription::all_changes;

/// Following what changes.
#[derive(Default)]
pub(crate) struct TideSubscription;

#[Subscription]
impl TideSubscription {
    /// Each change of the database, whoever made it. For an ADMIN, or for everybody in development.
    async fn tide_changed(&self, context: &Context<'_>) -> Result<impl Stream<Item = TideChange> + use<>, Error> {
        overseer(context)?;
        Ok(all_changes(context)?.map(|(applied, index)| TideChange::new(applied, index)))
    }
}
