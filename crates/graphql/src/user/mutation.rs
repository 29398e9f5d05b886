use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use sea_orm::{ActiveModelTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QuerySelect, Set};
use tidewater_entity::{now, profile, user};
use url::Url;
use uuid::Uuid;

use super::User;
use super::role::Role;
use crate::account::session;
use crate::validation::{self, set};
use crate::{Error, id, scope};

/// The longest name of a user.
pub(crate) const MAX_NAME: usize = 100;
const MAX_BIO: usize = 1_000;
const MAX_AVATAR_URL: usize = 2_000;

/// Changing users.
#[derive(Default)]
pub(crate) struct UserMutation;

/// What changes in the viewer's profile. What is absent stays; null clears.
#[derive(InputObject)]
pub(crate) struct UpdateProfileInput {
    /// The name that others see; 1 to 100 characters. It cannot be cleared.
    name: MaybeUndefined<String>,
    /// A few sentences; at most 1,000 characters. Null is the same as none.
    bio: MaybeUndefined<String>,
    /// Where a picture of the user is: an address of http or https; at most 2,000 characters.
    avatar_url: MaybeUndefined<String>,
}

/// A profile was changed.
#[derive(SimpleObject)]
pub(crate) struct UpdateProfilePayload {
    /// The user as they are now.
    viewer: User,
}

/// Another role for a user.
#[derive(InputObject)]
pub(crate) struct ChangeRoleInput {
    /// Which user.
    user_id: ID,
    /// What the user may see and change from now on.
    role: Role,
}

/// A user has another role.
#[derive(SimpleObject)]
pub(crate) struct ChangeRolePayload {
    /// The user as they are now.
    user: User,
    /// Where the viewer's own role was changed, what later requests show to be the viewer's: a bearer token. It is a secret and shown
    /// only here.
    token: Option<String>,
}

#[Object]
impl UserMutation {
    /// Changes what a user may see and change; for administrators. All sessions of the user end, so that they sign in again; whoever
    /// changes their own role gets a new one. If the user has that role already, nothing changes.
    async fn change_role(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which user, and which role.")] input: ChangeRoleInput,
    ) -> Result<ChangeRolePayload, Error> {
        let scope = scope(context)?;
        let viewer = scope.signed_in()?;
        scope.idempotency.refuse_key()?;
        let key = id::decode(User::PREFIX, "userId", &input.user_id)?;
        if !viewer.is_admin() {
            return Err(Error::Forbidden("only administrators change roles"));
        }
        let role = input.role.into();
        let changed = scope.reader.write(async |transaction| {
            let user = user::Entity::find_by_id(key).lock_exclusive().one(transaction).await?;
            let user = user.ok_or(Error::NotFound("user"))?;
            if user.role == role {
                return Ok((user, None));
            }
            let mut user = user.into_active_model();
            (user.role, user.updated_at) = (Set(role), Set(now()));
            let user = user.update(transaction).await?;
            session::end_all(transaction, key, None).await?;
            let is_own = key == viewer.user;
            let started = if is_own { Some(scope.start_session(transaction, &user).await?) } else { None };
            Ok((user, started))
        });
        let (user, started) = changed.await?;
        let token = started.map(|started| scope.begin_session(&user, started));
        Ok(ChangeRolePayload { user: User(user.into()), token })
    }

    /// Changes the viewer's name and profile.
    async fn update_profile(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What changes.")] input: UpdateProfileInput,
    ) -> Result<UpdateProfilePayload, Error> {
        let scope = scope(context)?;
        let viewer = scope.signed_in()?;
        let name = validation::required("name", input.name)?;
        let name = name.map(|name| validation::text("name", MAX_NAME, name)).transpose()?;
        let bio = validation::optional(input.bio).map(Option::unwrap_or_default);
        let bio = bio.map(|bio| validation::body("bio", MAX_BIO, bio)).transpose()?;
        let avatar_url = validation::optional(input.avatar_url.map_value(avatar_url).transpose()?);
        let user = scope.write(async |transaction| {
            // The lock also keeps a second request from making the profile at the same time.
            let user = user::Entity::find_by_id(viewer.user).lock_exclusive().one(transaction).await?;
            let mut user = user.ok_or(Error::NotFound("user"))?;
            if let Some(name) = name {
                let mut renamed = user.into_active_model();
                renamed.name = Set(name);
                renamed.updated_at = Set(now());
                user = renamed.update(transaction).await?;
            }
            if bio.is_some() || avatar_url.is_some() {
                write_profile(transaction, user.id, bio, avatar_url).await?;
            }
            Ok(user)
        });
        Ok(UpdateProfilePayload { viewer: User(user.await?.into()) })
    }
}

/// Changes the profile of a user, or makes the first one.
async fn write_profile(
    transaction: &DatabaseTransaction,
    user: Uuid,
    bio: Option<String>,
    avatar_url: Option<Option<String>>,
) -> Result<(), Error> {
    let updated_at = now();
    match profile::Entity::find_by_id(user).lock_exclusive().one(transaction).await? {
        Some(profile) => {
            let mut profile = profile.into_active_model();
            set(&mut profile.bio, bio);
            set(&mut profile.avatar_url, avatar_url);
            profile.updated_at = Set(updated_at);
            profile.update(transaction).await?;
        }
        None => {
            let (bio, avatar_url) = (bio.unwrap_or_default(), avatar_url.flatten());
            let profile = profile::Model { user_id: user, bio, avatar_url, updated_at };
            profile.into_active_model().insert(transaction).await?;
        }
    }
    Ok(())
}

/// An address that a browser loads pictures from. Others, `javascript:` above all, could do more than show one.
fn avatar_url(text: String) -> Result<String, Error> {
    let text = validation::text("avatarUrl", MAX_AVATAR_URL, text)?;
    let loadable = |url: Url| matches!(url.scheme(), "http" | "https");
    // Parsing leaves white space out; what is stored is the text as it came.
    let blank = |character: char| character.is_whitespace() || character.is_control();
    if text.contains(blank) || !Url::parse(&text).is_ok_and(loadable) {
        return Err(Error::bad_user_input("avatarUrl", "must be an address that begins with http:// or https://"));
    }
    Ok(text)
}
