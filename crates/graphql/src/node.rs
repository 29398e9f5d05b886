use async_graphql::{Context, ID, Interface, Object};

use crate::account::Session;
use crate::connection::Listed;
use crate::export::Export;
use crate::note::Note;
use crate::notification::Notification;
use crate::tag::Tag;
use crate::todo::Todo;
use crate::user::{Profile, User};
use crate::{Error, id, validation};

const MAX_NODES: usize = 100;

/// An object that can be read again by its id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "The id, unique among all objects."))]
pub(crate) enum Node {
    /// A user.
    User(User),
    /// What a user tells about themselves.
    Profile(Profile),
    /// A todo.
    Todo(Todo),
    /// A note.
    Note(Note),
    /// A tag.
    Tag(Tag),
    /// A notification.
    Notification(Notification),
    /// An export.
    Export(Export),
    /// A session.
    Session(Session),
}

/// The types of nodes: their names, and what their ids begin with.
pub(crate) const NODES: [(&str, &str); 8] = [
    (User::NAME, User::PREFIX),
    (Profile::NAME, Profile::PREFIX),
    (Todo::NAME, Todo::PREFIX),
    (Note::NAME, Note::PREFIX),
    (Tag::NAME, Tag::PREFIX),
    (Notification::NAME, Notification::PREFIX),
    (Export::NAME, Export::PREFIX),
    (Session::NAME, Session::PREFIX),
];

/// Reading any object by its id.
#[derive(Default)]
pub(crate) struct NodeQuery;

#[Object]
impl NodeQuery {
    /// The object with this id; null if there is none that the viewer may see.
    async fn node(&self, context: &Context<'_>, #[graphql(desc = "Its id.")] id: ID) -> Result<Option<Node>, Error> {
        Node::visible(context, "id", &id).await
    }

    /// The objects with these ids (at most 100), in their order; null where there is none that the viewer may see.
    #[graphql(complexity = "1 + ids.len() * child_complexity")]
    async fn nodes(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Their ids.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>, Error> {
        let ids = validation::at_most("ids", MAX_NODES, ids)?;
        futures::future::try_join_all(ids.iter().map(|id| Node::visible(context, "ids", id))).await
    }
}

impl Node {
    /// The object with this id, given as `field`, if there is one that the caller may see.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` when it is no id; else as [`Reader::item`](crate::Reader::item).
    pub(crate) async fn visible(context: &Context<'_>, field: &str, id: &ID) -> Result<Option<Self>, Error> {
        let (prefix, key) = id::parse(field, id)?;
        Ok(match prefix.as_str() {
            User::PREFIX => User::visible(context, key).await?.map(Self::User),
            Profile::PREFIX => Profile::visible(context, key).await?.map(Self::Profile),
            Todo::PREFIX => Todo::visible(context, key).await?.map(Self::Todo),
            Note::PREFIX => Note::visible(context, key).await?.map(Self::Note),
            Tag::PREFIX => Tag::visible(context, key).await?.map(Self::Tag),
            Notification::PREFIX => Notification::visible(context, key).await?.map(Self::Notification),
            Export::PREFIX => Export::visible(context, key).await?.map(Self::Export),
            Session::PREFIX => Session::visible(context, key).await?.map(Self::Session),
            _ => None,
        })
    }
}
