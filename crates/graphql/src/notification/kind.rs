use async_graphql::Enum;
use tidewater_entity as entity;

/// Why a user is told something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::NotificationKind")]
pub(crate) enum NotificationKind {
    /// The time has come at which the user wanted to be reminded of a todo. The text is the todo's, as it was then.
    Reminder,
}
