use async_graphql::Enum;
use sea_orm::ActiveEnum;
use tidewater_entity as entity;
use tidewater_entity::selection::Test;

/// What a user may see and change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::Role")]
pub(crate) enum Role {
    /// What is theirs, and what is public.
    User,
    /// Everything.
    Admin,
}

impl Role {
    /// What holds for users of this role.
    pub(crate) fn test(self) -> Test {
        Test::Is(entity::Role::from(self).to_value().into())
    }
}
