use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use tidewater_entity::{now, session, session_activity};

use crate::connection::Listed;
use crate::store::Item;
use crate::{Error, Scope, id, scope};

/// A place where a user is signed in.
#[derive(Clone)]
pub(crate) struct Session(pub(crate) Item<session::Model>);

impl Session {
    pub(crate) const PREFIX: &'static str = "session";
}

impl From<Item<session::Model>> for Session {
    fn from(item: Item<session::Model>) -> Self {
        Self(item)
    }
}

impl Listed for Session {
    type Entity = session::Entity;
    const NAME: &'static str = "Session";

    fn is_visible(scope: &Scope, session: &session::Model) -> bool {
        scope.owns(session.user_id) && session.expires_at > now()
    }
}

/// A place where a user is signed in. Only the user and administrators see it. One that is over is gone within about a minute.
#[Object]
impl Session {
    /// The id, unique among all objects.
    pub(crate) async fn id(&self) -> ID {
        id::encode(Self::PREFIX, self.0.id)
    }

    /// What the user signed in with, as it calls itself, cut to 200 characters; null if it did not say.
    async fn device(&self) -> Option<&str> {
        self.0.device.as_deref()
    }

    /// When the user signed in.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was last used, but for the last minute.
    async fn last_seen_at(&self, context: &Context<'_>) -> Result<DateTime<Utc>, Error> {
        let activity = scope(context)?.reader.item::<session_activity::Entity>(self.0.id).await?;
        Ok(activity.map_or(self.0.created_at, |activity| activity.last_seen_at))
    }

    /// When it ends at the latest. It ends earlier if nobody uses it.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.0.expires_at
    }

    /// Whether it is the session of this request.
    async fn is_current(&self, context: &Context<'_>) -> Result<bool, Error> {
        Ok(scope(context)?.viewer().is_some_and(|viewer| viewer.session == self.0.id))
    }
}
