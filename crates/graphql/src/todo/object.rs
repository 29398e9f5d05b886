use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use tidewater_entity::selection::{Link, Selection};
use tidewater_entity::{tag, todo, todo_tag};

use crate::connection::{Connection, Listed, PageArguments, cost};
use crate::priority::Priority;
use crate::store::Item;
use crate::tag::Tag;
use crate::user::User;
use crate::{Error, Scope, id};

/// Something that a user has to do.
#[derive(Clone)]
pub(crate) struct Todo(pub(crate) Item<todo::Model>);

impl Todo {
    pub(crate) const PREFIX: &'static str = "todo";
}

impl From<Item<todo::Model>> for Todo {
    fn from(item: Item<todo::Model>) -> Self {
        Self(item)
    }
}

impl Listed for Todo {
    type Entity = todo::Entity;
    const NAME: &'static str = "Todo";

    fn is_visible(scope: &Scope, todo: &todo::Model) -> bool {
        scope.owns(todo.user_id)
    }
}

/// Something that a user has to do. Only its owner and administrators see it.
#[Object]
impl Todo {
    /// The id, unique among all objects.
    pub(crate) async fn id(&self) -> ID {
        id::encode(Self::PREFIX, self.0.id)
    }

    /// What is to be done.
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// More about it.
    #[graphql(complexity = 10)]
    async fn notes(&self) -> Option<&str> {
        self.0.notes.as_deref()
    }

    /// Whether it is done.
    async fn completed(&self) -> bool {
        self.0.completed
    }

    /// How much it matters.
    async fn priority(&self) -> Priority {
        self.0.priority.into()
    }

    /// By when it is to be done.
    async fn due_at(&self) -> Option<DateTime<Utc>> {
        self.0.due_at
    }

    /// When its owner is to be reminded of it, or was.
    async fn remind_at(&self) -> Option<DateTime<Utc>> {
        self.0.remind_at
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was last changed through this API.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }

    /// Whose it is.
    async fn user(&self, context: &Context<'_>) -> Result<User, Error> {
        User::of(context, self.0.user_id).await
    }

    /// The tags that it carries, oldest tag first.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn tags(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "At most this many, from the start. 20 by default, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Tag>, Error> {
        let link = Link::through::<todo_tag::Entity>(todo_tag::Column::TodoId, todo_tag::Column::TagId);
        let tags = Selection::linked::<tag::Entity>(link, self.0.id).order_by(tag::Column::CreatedAt, false);
        Connection::read(context, tags, PageArguments { first, after, last, before }).await
    }
}
