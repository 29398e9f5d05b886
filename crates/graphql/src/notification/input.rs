use async_graphql::InputObject;
use tidewater_entity::notification;
use tidewater_entity::selection::{Scalar, Selection, Test};
use uuid::Uuid;

/// Which notifications are meant.
#[derive(Debug, Default, InputObject)]
pub(crate) struct NotificationFilter {
    /// Whether it is unread.
    unread: Option<bool>,
}

/// The notifications of `user` that `filter` admits, newest first.
pub(crate) fn select(user: Uuid, filter: Option<NotificationFilter>) -> Selection {
    let notifications = Selection::each::<notification::Entity>(notification::Column::UserId, user)
        .order_by(notification::Column::CreatedAt, true);
    match filter.unwrap_or_default().unread {
        None => notifications,
        Some(true) => notifications.filter(notification::Column::ReadAt, Test::Is(Scalar::Null)),
        Some(false) => notifications.filter(notification::Column::ReadAt, Test::IsNot(Scalar::Null)),
    }
}

impl NotificationFilter {
    /// Those that nobody has said to have read.
    pub(crate) const UNREAD: Self = Self { unread: Some(true) };
}
