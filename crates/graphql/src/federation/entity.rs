use async_graphql::Union;

use crate::account::Session;
use crate::export::Export;
use crate::node::Node;
use crate::note::Note;
use crate::notification::Notification;
use crate::tag::Tag;
use crate::todo::Todo;
use crate::user::{Profile, User};

/// An object that a router can have read again: any node.
// Apart from the interface, because async-graphql makes one type of an enum.
#[derive(Union)]
#[graphql(name = "_Entity")]
pub(super) enum Entity {
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

impl From<Node> for Entity {
    fn from(node: Node) -> Self {
        match node {
            Node::User(user) => Self::User(user),
            Node::Profile(profile) => Self::Profile(profile),
            Node::Todo(todo) => Self::Todo(todo),
            Node::Note(note) => Self::Note(note),
            Node::Tag(tag) => Self::Tag(tag),
            Node::Notification(notification) => Self::Notification(notification),
            Node::Export(export) => Self::Export(export),
            Node::Session(session) => Self::Session(session),
        }
    }
}
