use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use sea_orm::{EntityTrait, QuerySelect};
use tidewater_entity::session as entity;

use super::{Session, session};
use crate::user::User;
use crate::{Error, id, scope};

/// Ending sessions.
#[derive(Default)]
pub(crate) struct SessionMutation;

/// Which session to end.
#[derive(InputObject)]
pub(crate) struct RevokeSessionInput {
    /// Which session.
    id: ID,
}

/// A session has ended.
#[derive(SimpleObject)]
pub(crate) struct RevokeSessionPayload {
    /// The id that it had.
    revoked_id: ID,
}

/// The other sessions of the viewer have ended.
#[derive(SimpleObject)]
pub(crate) struct RevokeOtherSessionsPayload {
    /// How many there were.
    revoked_count: u64,
    /// The user.
    viewer: User,
}

#[Object]
impl SessionMutation {
    /// Ends a session of the viewer; an administrator can end anybody's. Ending that of this request signs out.
    async fn revoke_session(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which session.")] input: RevokeSessionInput,
    ) -> Result<RevokeSessionPayload, Error> {
        let scope = scope(context)?;
        let viewer = scope.signed_in()?;
        let key = id::decode(Session::PREFIX, "id", &input.id)?;
        let is_own = viewer.session == key;
        if is_own {
            scope.idempotency.refuse_key()?;
        }
        let revoked = scope.write(async |transaction| {
            let found = entity::Entity::find_by_id(key).lock_exclusive().one(transaction).await?;
            found.filter(|session| viewer.owns(session.user_id)).ok_or(Error::NotFound("session"))?;
            session::end(transaction, key).await
        });
        revoked.await?;
        if is_own {
            scope.end_session();
        }
        Ok(RevokeSessionPayload { revoked_id: input.id })
    }

    /// Ends all sessions of the viewer but that of this request.
    async fn revoke_other_sessions(&self, context: &Context<'_>) -> Result<RevokeOtherSessionsPayload, Error> {
        let scope = scope(context)?;
        let viewer = scope.signed_in()?;
        let revoked =
            scope.write(async |transaction| session::end_all(transaction, viewer.user, Some(viewer.session)).await);
        let revoked_count = revoked.await?;
        Ok(RevokeOtherSessionsPayload { revoked_count, viewer: User::of(context, viewer.user).await? })
    }
}
