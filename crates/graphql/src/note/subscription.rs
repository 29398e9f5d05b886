use async_graphql::{Context, ID, Subscription};
use futures::Stream;
use tidewater_entity::selection::Scalar;

use super::{Note, Visibility};
use crate::subscription::{Change, Followed, Record, changes};
use crate::{Error, Scope};

/// Following notes.
#[derive(Default)]
pub(crate) struct NoteSubscription;

impl Followed for Note {
    const PREFIX: &'static str = Self::PREFIX;

    fn is_shown(scope: &Scope, row: &Record<'_>) -> bool {
        let is_public = row.text("visibility").map(Scalar::from) == Some(Visibility::Public.scalar());
        is_public || row.uuid("user_id").is_some_and(|owner| scope.owns(owner))
    }
}

#[Subscription]
impl NoteSubscription {
    /// Each change of a note of the viewer or of a public one; for an administrator, of anybody's. Its likes, views and tags are no part
    /// of it.
    async fn note_changed(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only of this one.")] id: Option<ID>,
    ) -> Result<impl Stream<Item = Change<Note>> + use<>, Error> {
        changes(context, id)
    }
}
