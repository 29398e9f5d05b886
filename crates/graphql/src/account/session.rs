use std::time::Duration;

use chrono::TimeDelta;
use sea_orm::{ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter};
use tidewater_entity::{new_id, now, session};
use uuid::Uuid;

use super::token::{self, Token};
use crate::Error;

/// Begins a session of `user`, and deletes the user's sessions that are over. Returns its primary key and token.
pub(super) async fn start(
    transaction: &DatabaseTransaction,
    user: Uuid,
    lifetime: Duration,
) -> Result<(Uuid, Token), Error> {
    let token = Token::new()?;
    let created_at = now();
    let expires_at = TimeDelta::from_std(lifetime).ok().and_then(|lifetime| created_at.checked_add_signed(lifetime));
    let session = session::Model {
        id: new_id(),
        user_id: user,
        token_hash: token::hash(&token.text()),
        created_at,
        expires_at: expires_at.ok_or_else(|| Error::internal("sessions live longer than time can be told"))?,
    };
    session::Entity::delete_many()
        .filter(session::Column::UserId.eq(user))
        .filter(session::Column::ExpiresAt.lte(created_at))
        .exec(transaction)
        .await?;
    let session = session.into_active_model().insert(transaction).await?;
    Ok((session.id, token))
}

/// Ends a session, if it has not ended yet.
pub(super) async fn end(transaction: &DatabaseTransaction, key: Uuid) -> Result<(), Error> {
    session::Entity::delete_by_id(key).exec(transaction).await?;
    Ok(())
}
