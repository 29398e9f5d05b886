use async_graphql::{Enum, InputObject};
use tidewater_entity::profile;
use tidewater_entity::selection::{Selection, Test};

use crate::Error;
use crate::order::{OrderDirection, Ordered, ordered};
use crate::validation;

/// Which profiles are meant.
#[derive(Debug, Default, InputObject)]
pub(crate) struct ProfileFilter {
    /// The sentences contain this, whatever the case of the letters.
    text: Option<String>,
}

/// A term of the order of profiles.
#[derive(Debug, InputObject)]
pub(crate) struct ProfileOrder {
    /// What they are ordered by.
    field: ProfileOrderField,
    /// Which way.
    #[graphql(default)]
    direction: OrderDirection,
}

/// What profiles can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum ProfileOrderField {
    /// When the profile was last changed.
    UpdatedAt,
}

impl Ordered for ProfileOrder {
    type Column = profile::Column;
    /// An index gives the order of their users' ids.
    const DEFAULT: Option<profile::Column> = None;

    fn term(&self) -> (profile::Column, OrderDirection) {
        let column = match self.field {
            ProfileOrderField::UpdatedAt => profile::Column::UpdatedAt,
        };
        (column, self.direction)
    }
}

/// Those of `profiles` that `filter` admits, in the order that is asked for.
///
/// # Errors
/// `BAD_USER_INPUT`
pub(crate) fn select(
    mut profiles: Selection,
    filter: Option<ProfileFilter>,
    order_by: Option<Vec<ProfileOrder>>,
) -> Result<Selection, Error> {
    if let Some(text) = filter.and_then(|filter| filter.text) {
        profiles = profiles.filter(profile::Column::Bio, Test::Contains(validation::search("filter.text", text)?));
    }
    ordered(profiles, order_by)
}
