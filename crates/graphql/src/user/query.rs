use async_graphql::{Context, ID, Object};
use tidewater_entity::selection::Selection;
use tidewater_entity::user;

use super::User;
use super::input::{UserFilter, UserOrder, select};
use crate::connection::{Connection, PageArguments, cost};
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

/// The list of all users. Apart, so that it comes after the lists that are for everybody: whoever goes by the order of the schema, as Studio
/// does, begins with what anybody can see.
#[derive(Default)]
pub(crate) struct UserListQuery;

#[Object]
impl UserListQuery {
    /// All users, for an ADMIN. Oldest first unless ordered otherwise.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    #[allow(clippy::too_many_arguments, reason = "the arguments of the GraphQL field")]
    async fn users(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only those for which all of this holds.")] filter: Option<UserFilter>,
        #[graphql(desc = "Most significant first.")] order_by: Option<Vec<UserOrder>>,
        #[graphql(desc = "At most this many, from the start. 20 by default, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<User>, Error> {
        if !scope(context)?.signed_in()?.is_admin() {
            return Err(Error::Forbidden("only an ADMIN may see all users"));
        }
        let users = select(Selection::everything::<user::Entity>(), filter, order_by)?;
        Connection::read(context, users, PageArguments { first, after, last, before }).await
    }
}
