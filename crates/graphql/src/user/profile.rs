use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use tidewater_entity::profile;

use super::User;
use crate::connection::Listed;
use crate::store::Item;
use crate::{Error, Scope, id};

/// What a user tells about themselves.
#[derive(Clone)]
pub(crate) struct Profile(pub(crate) Item<profile::Model>);

impl Profile {
    pub(crate) const PREFIX: &'static str = "profile";
}

impl From<Item<profile::Model>> for Profile {
    fn from(item: Item<profile::Model>) -> Self {
        Self(item)
    }
}

impl Listed for Profile {
    type Entity = profile::Entity;
    const NAME: &'static str = "Profile";

    fn is_visible(_: &Scope, _: &profile::Model) -> bool {
        true
    }
}

/// What a user tells about themselves. Everybody sees it.
#[Object]
impl Profile {
    /// The id, unique among all objects.
    pub(crate) async fn id(&self) -> ID {
        id::encode(Self::PREFIX, self.0.user_id)
    }

    /// A few sentences; possibly none.
    async fn bio(&self) -> &str {
        &self.0.bio
    }

    /// Where a picture of the user is: an address of http or https.
    async fn avatar_url(&self) -> Option<&str> {
        self.0.avatar_url.as_deref()
    }

    /// When the profile was last changed through this API.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }

    /// Whose it is.
    async fn user(&self, context: &Context<'_>) -> Result<User, Error> {
        User::of(context, self.0.user_id).await
    }
}
