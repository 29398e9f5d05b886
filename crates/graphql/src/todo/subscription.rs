use async_graphql::{Context, ID, Subscription};
use futures::Stream;

use super::Todo;
use crate::subscription::{Change, Followed, Record, changes};
use crate::{Error, Scope, scope};

/// Following todos.
#[derive(Default)]
pub(crate) struct TodoSubscription;

impl Followed for Todo {
    const PREFIX: &'static str = Self::PREFIX;

    fn is_shown(scope: &Scope, row: &Record<'_>) -> bool {
        row.uuid("user_id").is_some_and(|owner| scope.owns(owner))
    }
}

#[Subscription]
impl TodoSubscription {
    /// Each change of a todo of the viewer; for an administrator, of anybody's. Which tags it carries is no part of it.
    async fn todo_changed(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only of this one.")] id: Option<ID>,
    ) -> Result<impl Stream<Item = Change<Todo>> + use<>, Error> {
        scope(context)?.signed_in()?;
        changes(context, id)
    }
}
