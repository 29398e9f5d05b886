use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use tidewater_entity::selection::Selection;
use tidewater_entity::{export, note, notification, profile, session, tag, todo, user};
use uuid::Uuid;

use super::Profile;
use super::role::Role;
use crate::account::Session;
use crate::connection::{Connection, Listed, PageArguments, cost};
use crate::export::Export;
use crate::note::{Note, NoteFilter, NoteOrder, Visibility};
use crate::notification::{Notification, NotificationFilter};
use crate::store::Item;
use crate::tag::{Tag, TagFilter, TagOrder};
use crate::todo::{Todo, TodoFilter, TodoOrder};
use crate::{Error, Scope, id, scope};

/// Somebody with an account.
#[derive(Clone)]
pub(crate) struct User(pub(crate) Item<user::Model>);

impl User {
    pub(crate) const PREFIX: &'static str = "user";

    /// The owner of something that the viewer may see.
    pub(crate) async fn of(context: &Context<'_>, key: Uuid) -> Result<Self, Error> {
        scope(context)?.reader.item::<user::Entity>(key).await?.map(Self).ok_or(Error::NotFound("user"))
    }
}

impl From<Item<user::Model>> for User {
    fn from(item: Item<user::Model>) -> Self {
        Self(item)
    }
}

impl Listed for User {
    type Entity = user::Entity;
    const NAME: &'static str = "User";

    fn is_visible(_: &Scope, _: &user::Model) -> bool {
        true
    }
}

/// Somebody with an account. Everybody sees a user's name and profile; the rest is for the user and administrators.
#[Object]
impl User {
    /// The id, unique among all objects.
    pub(crate) async fn id(&self) -> ID {
        id::encode(Self::PREFIX, self.0.id)
    }

    /// The name that others see.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The e-mail address; null unless this is the viewer or the viewer is an administrator.
    async fn email(&self, context: &Context<'_>) -> Result<Option<&str>, Error> {
        Ok(scope(context)?.owns(self.0.id).then_some(self.0.email.as_str()))
    }

    /// What the user may see and change; null unless this is the viewer or the viewer is an administrator.
    async fn role(&self, context: &Context<'_>) -> Result<Option<Role>, Error> {
        Ok(scope(context)?.owns(self.0.id).then(|| self.0.role.into()))
    }

    /// What the user tells about themselves; null if nothing yet.
    async fn profile(&self, context: &Context<'_>) -> Result<Option<Profile>, Error> {
        Ok(scope(context)?.reader.item::<profile::Entity>(self.0.id).await?.map(Profile::from))
    }

    /// When the account was created.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// The user's todos; none unless this is the viewer or the viewer is an administrator. Oldest first unless ordered
    /// otherwise.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    #[allow(clippy::too_many_arguments, reason = "the arguments of the GraphQL field")]
    async fn todos(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only those for which all of this holds.")] filter: Option<TodoFilter>,
        #[graphql(desc = "Most significant first.")] order_by: Option<Vec<TodoOrder>>,
        #[graphql(desc = "At most this many, from the start. 20 by default, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Todo>, Error> {
        let todos = if scope(context)?.owns(self.0.id) {
            Selection::each::<todo::Entity>(todo::Column::UserId, self.0.id)
        } else {
            Selection::nothing::<todo::Entity>()
        };
        let todos = crate::todo::select(todos, filter, order_by)?;
        Connection::read(context, todos, PageArguments { first, after, last, before }).await
    }

    /// The user's notes; only the public ones unless this is the viewer or the viewer is an administrator. Oldest first unless
    /// ordered otherwise.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    #[allow(clippy::too_many_arguments, reason = "the arguments of the GraphQL field")]
    async fn notes(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only those for which all of this holds.")] filter: Option<NoteFilter>,
        #[graphql(desc = "Most significant first.")] order_by: Option<Vec<NoteOrder>>,
        #[graphql(desc = "At most this many, from the start. 20 by default, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Note>, Error> {
        let mut notes = Selection::each::<note::Entity>(note::Column::UserId, self.0.id);
        if !scope(context)?.owns(self.0.id) {
            notes = notes.filter(note::Column::Visibility, Visibility::Public.test());
        }
        let notes = crate::note::select(notes, filter, order_by)?;
        Connection::read(context, notes, PageArguments { first, after, last, before }).await
    }

    /// The user's tags; none unless this is the viewer or the viewer is an administrator. Oldest first unless ordered
    /// otherwise.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    #[allow(clippy::too_many_arguments, reason = "the arguments of the GraphQL field")]
    async fn tags(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only those for which all of this holds.")] filter: Option<TagFilter>,
        #[graphql(desc = "Most significant first.")] order_by: Option<Vec<TagOrder>>,
        #[graphql(desc = "At most this many, from the start. 20 by default, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Tag>, Error> {
        let tags = if scope(context)?.owns(self.0.id) {
            Selection::each::<tag::Entity>(tag::Column::UserId, self.0.id)
        } else {
            Selection::nothing::<tag::Entity>()
        };
        let tags = crate::tag::select(tags, filter, order_by)?;
        Connection::read(context, tags, PageArguments { first, after, last, before }).await
    }

    /// What the user was told, newest first; nothing unless this is the viewer.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn notifications(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only those for which all of this holds.")] filter: Option<NotificationFilter>,
        #[graphql(desc = "At most this many, from the start. 20 by default, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Notification>, Error> {
        let notifications = if scope(context)?.is_viewer(self.0.id) {
            crate::notification::select(self.0.id, filter)
        } else {
            Selection::nothing::<notification::Entity>()
        };
        Connection::read(context, notifications, PageArguments { first, after, last, before }).await
    }

    /// How many notifications the user has not read; 0 unless this is the viewer.
    #[graphql(complexity = "cost(Some(1), None, 1)")]
    async fn unread_notification_count(&self, context: &Context<'_>) -> Result<u64, Error> {
        let scope = scope(context)?;
        if !scope.is_viewer(self.0.id) {
            return Ok(0);
        }
        let unread = crate::notification::select(self.0.id, Some(NotificationFilter::UNREAD));
        scope.reader.count::<notification::Entity>(&unread).await
    }

    /// The files of their data that the user asked for, newest first; none unless this is the viewer.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn exports(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "At most this many, from the start. 20 by default, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Export>, Error> {
        let exports = if scope(context)?.is_viewer(self.0.id) {
            crate::export::select(self.0.id)
        } else {
            Selection::nothing::<export::Entity>()
        };
        Connection::read(context, exports, PageArguments { first, after, last, before }).await
    }

    /// Where the user is signed in; nothing unless this is the viewer or the viewer is an administrator. Oldest first.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn sessions(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "At most this many, from the start. 20 by default, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Session>, Error> {
        let sessions = if scope(context)?.owns(self.0.id) {
            Selection::each::<session::Entity>(session::Column::UserId, self.0.id)
        } else {
            Selection::nothing::<session::Entity>()
        };
        let sessions = sessions.order_by(session::Column::CreatedAt, false);
        Connection::read(context, sessions, PageArguments { first, after, last, before }).await
    }
}
