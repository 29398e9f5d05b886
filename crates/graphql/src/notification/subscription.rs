use async_graphql::{Context, Subscription};
use futures::Stream;

use super::Notification;
use crate::subscription::{Change, Followed, Record, changes};
use crate::{Error, Scope, scope};

/// Following notifications.
#[derive(Default)]
pub(crate) struct NotificationSubscription;

impl Followed for Notification {
    const PREFIX: &'static str = Self::PREFIX;

    fn is_shown(scope: &Scope, row: &Record<'_>) -> bool {
        row.uuid("user_id").is_some_and(|user| scope.is_viewer(user))
    }
}

#[Subscription]
impl NotificationSubscription {
    /// Each change of what the viewer is told: something new, something marked as read.
    async fn notifications(
        &self,
        context: &Context<'_>,
    ) -> Result<impl Stream<Item = Change<Notification>> + use<>, Error> {
        scope(context)?.signed_in()?;
        changes(context, None)
    }
}
