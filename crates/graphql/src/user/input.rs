use async_graphql::{Enum, InputObject};
use tidewater_entity::selection::{Selection, Test};
use tidewater_entity::user;

use super::role::Role;
use crate::Error;
use crate::order::{OrderDirection, Ordered, ordered};
use crate::validation;

/// Which users are meant. Everything that is given must hold.
#[derive(Debug, Default, InputObject)]
pub(crate) struct UserFilter {
    /// What the user may see and change.
    role: Option<Role>,
    /// The name contains this, whatever the case of the letters.
    text: Option<String>,
}

/// A term of the order of users.
#[derive(Debug, InputObject)]
pub(crate) struct UserOrder {
    /// What they are ordered by.
    field: UserOrderField,
    /// Which way.
    #[graphql(default)]
    direction: OrderDirection,
}

/// What users can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum UserOrderField {
    /// When the account was created.
    CreatedAt,
    /// The name, in the database's order of texts.
    Name,
    /// The e-mail address, in the database's order of texts.
    Email,
}

impl Ordered for UserOrder {
    type Column = user::Column;
    const DEFAULT: Option<user::Column> = Some(user::Column::CreatedAt);

    fn term(&self) -> (user::Column, OrderDirection) {
        let column = match self.field {
            UserOrderField::CreatedAt => user::Column::CreatedAt,
            UserOrderField::Name => user::Column::Name,
            UserOrderField::Email => user::Column::Email,
        };
        (column, self.direction)
    }
}

/// Those of `users` that `filter` admits, in the order that is asked for.
///
/// # Errors
/// `BAD_USER_INPUT`
pub(crate) fn select(
    mut users: Selection,
    filter: Option<UserFilter>,
    order_by: Option<Vec<UserOrder>>,
) -> Result<Selection, Error> {
    let filter = filter.unwrap_or_default();
    if let Some(role) = filter.role {
        users = users.filter(user::Column::Role, role.test());
    }
    if let Some(text) = filter.text {
        users = users.filter(user::Column::Name, Test::Contains(validation::search("filter.text", text)?));
    }
    ordered(users, order_by)
}
