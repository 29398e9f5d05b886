use async_graphql::Enum;
use sea_orm::ActiveEnum;
use tidewater_entity as entity;
use tidewater_entity::selection::{Scalar, Test};

/// Who may see a note.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::Visibility")]
pub(crate) enum Visibility {
    /// Its owner and administrators.
    #[default]
    Private,
    /// Everybody, signed in or not.
    Public,
}

impl Visibility {
    /// The text that the column stores.
    pub(crate) fn scalar(self) -> Scalar {
        entity::Visibility::from(self).to_value().into()
    }

    /// What holds for notes of this visibility.
    pub(crate) fn test(self) -> Test {
        Test::Is(self.scalar())
    }
}
