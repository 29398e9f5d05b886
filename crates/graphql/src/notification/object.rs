use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use tidewater_entity::notification;

use super::kind::NotificationKind;
use crate::connection::Listed;
use crate::store::Item;
use crate::todo::Todo;
use crate::{Error, Scope, id};

/// Something that a user is told.
#[derive(Clone)]
pub(crate) struct Notification(pub(crate) Item<notification::Model>);

impl Notification {
    pub(crate) const PREFIX: &'static str = "notification";
}

impl From<Item<notification::Model>> for Notification {
    fn from(item: Item<notification::Model>) -> Self {
        Self(item)
    }
}

impl Listed for Notification {
    type Entity = notification::Entity;
    const NAME: &'static str = "Notification";

    fn is_visible(scope: &Scope, notification: &notification::Model) -> bool {
        scope.is_viewer(notification.user_id)
    }
}

/// Something that a user is told. Nobody else sees it.
#[Object]
impl Notification {
    /// The id, unique among all objects.
    pub(crate) async fn id(&self) -> ID {
        id::encode(Self::PREFIX, self.0.id)
    }

    /// Why the user is told.
    async fn kind(&self) -> NotificationKind {
        self.0.kind.into()
    }

    /// What the user is told. It does not change with what it is about.
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// The todo that it is about; null if it is about none, or that is gone.
    async fn todo(&self, context: &Context<'_>) -> Result<Option<Todo>, Error> {
        match self.0.todo_id {
            Some(todo) => Todo::visible(context, todo).await,
            None => Ok(None),
        }
    }

    /// When the user was told.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was marked as read first; null if it is unread.
    async fn read_at(&self) -> Option<DateTime<Utc>> {
        self.0.read_at
    }
}
