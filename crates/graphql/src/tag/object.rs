use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use tidewater_entity::selection::{Link, Selection, Test};
use tidewater_entity::{note, note_tag, tag, todo, todo_tag};
use uuid::Uuid;

use crate::connection::{Connection, Listed, PageArguments, cost};
use crate::note::{Note, NoteFilter, NoteOrder, Visibility};
use crate::store::Item;
use crate::todo::{Todo, TodoFilter, TodoOrder};
use crate::user::User;
use crate::{Error, Scope, id, scope};

/// A word that a user puts on todos and notes.
#[derive(Clone)]
pub(crate) struct Tag(pub(crate) Item<tag::Model>);

impl Tag {
    pub(crate) const PREFIX: &'static str = "tag";
}

impl From<Item<tag::Model>> for Tag {
    fn from(item: Item<tag::Model>) -> Self {
        Self(item)
    }
}

impl Listed for Tag {
    type Entity = tag::Entity;
    const NAME: &'static str = "Tag";

    /// On what carries it, a tag is for whoever sees that.
    fn is_visible(_: &Scope, _: &tag::Model) -> bool {
        true
    }

    async fn visible(context: &Context<'_>, key: Uuid) -> Result<Option<Self>, Error> {
        let scope = scope(context)?;
        let Some(tag) = scope.reader.item::<tag::Entity>(key).await? else { return Ok(None) };
        let visible = scope.owns(tag.user_id) || scope.reader.count::<note::Entity>(&public_notes_with(key)).await? > 0;
        Ok(visible.then_some(Self(tag)))
    }
}

/// A word that a user puts on todos and notes. Its owner and administrators see it, and everybody sees one that a public note
/// carries.
#[Object]
impl Tag {
    /// The id, unique among all objects.
    pub(crate) async fn id(&self) -> ID {
        id::encode(Self::PREFIX, self.0.id)
    }

    /// The word, unique among the tags of its user.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Whose it is.
    async fn user(&self, context: &Context<'_>) -> Result<User, Error> {
        User::of(context, self.0.user_id).await
    }

    /// The viewer's todos that carry it; for an administrator, everybody's. Oldest first unless ordered otherwise.
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
        let link = Link::through::<todo_tag::Entity>(todo_tag::Column::TagId, todo_tag::Column::TodoId);
        let todos = Selection::linked::<todo::Entity>(link, self.0.id);
        let todos = match scope(context)?.viewer() {
            None => Selection::nothing::<todo::Entity>(),
            Some(viewer) if viewer.is_admin() => todos,
            Some(viewer) => todos.filter(todo::Column::UserId, Test::Is(viewer.user.into())),
        };
        let todos = crate::todo::select(todos, filter, order_by)?;
        Connection::read(context, todos, PageArguments { first, after, last, before }).await
    }

    /// The notes that carry it and that the viewer may see. Oldest first unless ordered otherwise.
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
        let notes = match scope(context)?.viewer() {
            Some(viewer) if viewer.is_admin() => notes_with(self.0.id),
            // Not all that carry it: that they are of its own owner is this API's rule, not the database's.
            Some(viewer) if viewer.owns(self.0.user_id) => {
                notes_with(self.0.id).filter(note::Column::UserId, Test::Is(viewer.user.into()))
            }
            _ => public_notes_with(self.0.id),
        };
        let notes = crate::note::select(notes, filter, order_by)?;
        Connection::read(context, notes, PageArguments { first, after, last, before }).await
    }
}

/// The public notes that carry a tag: what makes it visible to everybody.
pub(super) fn public_notes_with(tag: Uuid) -> Selection {
    notes_with(tag).filter(note::Column::Visibility, Visibility::Public.test())
}

fn notes_with(tag: Uuid) -> Selection {
    let link = Link::through::<note_tag::Entity>(note_tag::Column::TagId, note_tag::Column::NoteId);
    Selection::linked::<note::Entity>(link, tag)
}
