use async_graphql::Enum;
use tidewater_entity as entity;

/// What a user may see and change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::Role")]
pub(crate) enum Role {
    /// What is theirs, and what is public.
    User,
    /// Everything.
    Admin,
}
