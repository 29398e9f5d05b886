use async_graphql::Request;
use tidewater_entity::selection::Selection;
use tidewater_entity::{now, session, user};

use super::Api;
use crate::account::token;
use crate::caller::Caller;
use crate::response::{Held, Kept};
use crate::scope::Viewer;
use crate::store::Reader;
use crate::{Error, freshness};

impl Api {
    /// Finds out who asks and until when they may, and lets `reader` read as they wish from then on.
    pub(crate) async fn admit(
        &self,
        reader: &Reader,
        request: &Request,
        caller: &Caller,
    ) -> Result<Option<(Viewer, Held)>, Error> {
        if let Some(mark) = freshness::required(request)? {
            reader.request().require(mark);
            // The next request with this text might be compared with a mark of another history.
            reader.request().rests_on_the_unknown();
        }
        let viewer = match &caller.credential {
            Some(token) => self.viewer(reader, token).await?,
            None => None,
        };
        reader.request().accept(caller.acceptance);
        Ok(viewer)
    }

    /// The holder of `token`, if its session is good: it has neither expired nor been unused for too long, and its user has the role
    /// that it was begun with.
    pub(crate) async fn viewer(&self, reader: &Reader, token: &str) -> Result<Option<(Viewer, Held)>, Error> {
        let sessions = Selection::each::<session::Entity>(session::Column::TokenHash, token::hash(token));
        let now = now();
        let session = reader.first::<session::Entity>(&sessions).await?.filter(|session| session.expires_at > now);
        let Some(session) = session else { return Ok(None) };
        let user = reader.item::<user::Entity>(session.user_id).await?.filter(|user| user.role == session.role);
        let Some(user) = user else { return Ok(None) };
        let Some(seen) = self.0.activity.alive(&self.0.store, &session, now).await? else {
            // Another server may be recording that it was used in time.
            reader.request().rests_on_the_unknown();
            return Ok(None);
        };
        self.0.activity.used(&seen, now);
        let viewer = Viewer { user: user.id, role: user.role, session: session.id };
        let is_admin = viewer.is_admin();
        Ok(Some((viewer, Held { expires_at: session.expires_at, seen, is_admin })))
    }

    /// Whether the session that a response was made in, if it was in one, is good as far as this server knows; then it is in use.
    pub(super) fn is_in_use(&self, kept: &Kept) -> bool {
        let Some(Held { expires_at, seen, .. }) = &kept.held else { return true };
        let now = now();
        // Other servers may have seen a session that looks idle here.
        let is_good = *expires_at > now && self.0.activity.is_alive(seen, now);
        if is_good {
            self.0.activity.used(seen, now);
        }
        is_good
    }
}
