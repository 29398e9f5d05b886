use std::time::Duration;

use chrono::TimeDelta;
use sea_orm::{ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter};
use tidewater_entity::{new_id, now, session, user};
use uuid::Uuid;

use super::token::{self, Token};
use crate::Error;

/// What the holder of a new session has: who they are by it, and what they show.
pub(crate) struct Started {
    /// The primary key.
    pub(crate) session: Uuid,
    /// The token.
    pub(crate) token: Token,
}

/// Begins a session of `user`, and deletes the user's sessions that are over.
pub(crate) async fn start(
    transaction: &DatabaseTransaction,
    user: &user::Model,
    device: Option<String>,
    lifetime: Duration,
) -> Result<Started, Error> {
    let token = Token::new()?;
    let created_at = now();
    let expires_at = TimeDelta::from_std(lifetime).ok().and_then(|lifetime| created_at.checked_add_signed(lifetime));
    let session = session::Model {
        id: new_id(),
        user_id: user.id,
        token_hash: token::hash(&token.text()),
        created_at,
        expires_at: expires_at.ok_or_else(|| Error::internal("sessions live longer than time can be told"))?,
        role: user.role,
        device,
    };
    session::Entity::delete_many()
        .filter(session::Column::UserId.eq(user.id))
        .filter(session::Column::ExpiresAt.lte(created_at))
        .exec(transaction)
        .await?;
    let session = session.into_active_model().insert(transaction).await?;
    Ok(Started { session: session.id, token })
}

/// Ends a session, if it has not ended yet.
pub(crate) async fn end(transaction: &DatabaseTransaction, key: Uuid) -> Result<(), Error> {
    session::Entity::delete_by_id(key).exec(transaction).await?;
    Ok(())
}

/// Ends all sessions of `user`, but for the one that is kept. Returns how many.
pub(crate) async fn end_all(transaction: &DatabaseTransaction, user: Uuid, kept: Option<Uuid>) -> Result<u64, Error> {
    let mut sessions = session::Entity::delete_many().filter(session::Column::UserId.eq(user));
    if let Some(kept) = kept {
        sessions = sessions.filter(session::Column::Id.ne(kept));
    }
    Ok(sessions.exec(transaction).await?.rows_affected)
}
