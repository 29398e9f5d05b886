use async_graphql::{Context, ID, Object};
use tidewater_entity::selection::Selection;
use tidewater_entity::{profile, user};

use super::input::{UserFilter, UserOrder, select};
use super::profile_input::{self, ProfileFilter, ProfileOrder};
use super::{Profile, User};
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

/// The lists of all users and their profiles. Apart, so that they come after the lists that are for everybody: whoever goes by the order of the schema, as Studio
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
        check_admin(context)?;
        let users = select(Selection::everything::<user::Entity>(), filter, order_by)?;
        Connection::read(context, users, PageArguments { first, after, last, before }).await
    }

    /// All profiles, for an ADMIN. In the order of their users' accounts, oldest first, unless ordered otherwise.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    #[allow(clippy::too_many_arguments, reason = "the arguments of the GraphQL field")]
    async fn profiles(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only those for which all of this holds.")] filter: Option<ProfileFilter>,
        #[graphql(desc = "Most significant first.")] order_by: Option<Vec<ProfileOrder>>,
        #[graphql(desc = "At most this many, from the start. 20 by default, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Profile>, Error> {
        check_admin(context)?;
        let profiles = profile_input::select(Selection::everything::<profile::Entity>(), filter, order_by)?;
        Connection::read(context, profiles, PageArguments { first, after, last, before }).await
    }
}

fn check_admin(context: &Context<'_>) -> Result<(), Error> {
    match scope(context)?.signed_in()?.is_admin() {
        true => Ok(()),
        false => Err(Error::Forbidden("only an ADMIN may list users and profiles")),
    }
}
