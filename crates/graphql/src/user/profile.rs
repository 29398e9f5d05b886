use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};
use tidewater_entity::profile;

use super::User;
use crate::Error;
use crate::store::Item;

/// What a user tells about themselves.
#[derive(Clone)]
pub(crate) struct Profile(pub(crate) Item<profile::Model>);

/// What a user tells about themselves. Everybody sees it.
#[Object]
impl Profile {
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
