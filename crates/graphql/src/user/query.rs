use async_graphql::{Context, ID, Object};
use tidewater_entity::user;

use super::User;
use crate::{Error, id, scope};

/// Reading users.
#[derive(Default)]
pub(crate) struct UserQuery;

#[Object]
impl UserQuery {
    /// Who is signed in; null if nobody is.
    async fn viewer(&self, context: &Context<'_>) -> Result<Option<User>, Error> {
        match scope(context)?.viewer() {
            Some(viewer) => User::of(context, viewer.user).await.map(Some),
            None => Ok(None),
        }
    }

    /// The user with this id; null if there is none.
    async fn user(&self, context: &Context<'_>, #[graphql(desc = "Its id.")] id: ID) -> Result<Option<User>, Error> {
        let key = id::decode(User::PREFIX, "id", &id)?;
        Ok(scope(context)?.reader.item::<user::Entity>(key).await?.map(User))
    }
}
