use async_graphql::{Context, InputObject, Object, SimpleObject};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set, SqlErr,
};
use tidewater_entity::{Role, new_id, now, user};
use tidewater_limit::{Attempt, Purpose};

use super::session::{self, Started};
use super::{Passwords, credentials};
use crate::user::{MAX_NAME, User};
use crate::{Error, scope, validation};

/// What hashing a password costs, in fields: a request cannot try many.
const HASHING: usize = 1_000;

/// The same whichever is wrong, so that nobody learns whose account exists.
const WRONG_CREDENTIALS: Error = Error::Unauthenticated("wrong e-mail address or password");

const WRONG_PASSWORD: Error = Error::Unauthenticated("wrong password");

/// Signing up, in and out.
#[derive(Default)]
pub(crate) struct AccountMutation;

/// A new account.
#[derive(InputObject)]
pub(crate) struct SignUpInput {
    /// The e-mail address to sign in with; at most 254 characters. The case of its letters does not matter.
    email: String,
    /// The name that others see; 1 to 100 characters.
    name: String,
    /// The password to sign in with; 8 to 256 characters of any kind.
    #[graphql(secret)]
    password: String,
}

/// Who signs in.
#[derive(InputObject)]
pub(crate) struct SignInInput {
    /// The e-mail address of the account.
    email: String,
    /// The password of the account.
    #[graphql(secret)]
    password: String,
}

/// A new password for the viewer.
#[derive(InputObject)]
pub(crate) struct ChangePasswordInput {
    /// The password as it is.
    #[graphql(secret)]
    current_password: String,
    /// The password as it is to be; 8 to 256 characters of any kind.
    #[graphql(secret)]
    new_password: String,
}

/// An account was created, and its user is signed in.
#[derive(SimpleObject)]
pub(crate) struct SignUpPayload {
    /// What later requests show to be the user's: a bearer token. It is a secret and shown only here.
    token: String,
    /// The new user.
    viewer: User,
}

/// A user is signed in.
#[derive(SimpleObject)]
pub(crate) struct SignInPayload {
    /// What later requests show to be the user's: a bearer token. It is a secret and shown only here.
    token: String,
    /// The user.
    viewer: User,
}

/// The viewer has another password, and another session.
#[derive(SimpleObject)]
pub(crate) struct ChangePasswordPayload {
    /// What later requests show to be the user's: a bearer token. It is a secret and shown only here.
    token: String,
    /// The user.
    viewer: User,
}

/// A user is signed out.
#[derive(SimpleObject)]
pub(crate) struct SignOutPayload {
    /// Who was signed in.
    user: User,
}

#[Object]
impl AccountMutation {
    /// Creates an account and signs its user in.
    #[graphql(complexity = "HASHING + child_complexity")]
    async fn sign_up(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The new account.")] input: SignUpInput,
    ) -> Result<SignUpPayload, Error> {
        let scope = scope(context)?;
        scope.idempotency.refuse_key()?;
        let email = credentials::email(&input.email)?;
        let name = validation::text("name", MAX_NAME, input.name)?;
        let password = credentials::password("password", input.password)?;
        let attempt = scope.spending.attempt(Purpose::SignUp, &email).await?;
        let signed_up = self::sign_up(context, email, name, password).await;
        settle(attempt, &signed_up).await;
        let (user, started) = signed_up?;
        Ok(SignUpPayload { token: scope.begin_session(&user, started), viewer: User(user.into()) })
    }

    /// Signs a user in. If the request was made in a session of the same user, that one ends; others of the user go on.
    #[graphql(complexity = "HASHING + child_complexity")]
    async fn sign_in(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Who signs in.")] input: SignInInput,
    ) -> Result<SignInPayload, Error> {
        let scope = scope(context)?;
        scope.idempotency.refuse_key()?;
        let email = credentials::email(&input.email);
        // What is no address is nobody's: saying more would be another answer.
        let account = email.as_deref().unwrap_or(&input.email);
        let attempt = scope.spending.attempt(Purpose::SignIn, account).await?;
        let signed_in = self::sign_in(context, email.ok(), input.password).await;
        settle(attempt, &signed_in).await;
        let (user, started) = signed_in?;
        Ok(SignInPayload { token: scope.begin_session(&user, started), viewer: User(user.into()) })
    }

    /// Changes the viewer's password. All sessions of the user end, and a new one begins for this request. Counts as an attempt to
    /// sign in.
    #[graphql(complexity = "2 * HASHING + child_complexity")]
    async fn change_password(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The old password and the new one.")] input: ChangePasswordInput,
    ) -> Result<ChangePasswordPayload, Error> {
        let scope = scope(context)?;
        let viewer = scope.signed_in()?;
        scope.idempotency.refuse_key()?;
        let new_password = credentials::password("newPassword", input.new_password)?;
        // Past the caches, which hold no password hash.
        let user = user::Entity::find_by_id(viewer.user).one(scope.reader.source()).await?;
        let user = user.ok_or(Error::NotFound("user"))?;
        let attempt = scope.spending.attempt(Purpose::SignIn, &user.email).await?;
        let changed = self::change_password(context, user, input.current_password, new_password).await;
        settle(attempt, &changed).await;
        let (user, started) = changed?;
        Ok(ChangePasswordPayload { token: scope.begin_session(&user, started), viewer: User(user.into()) })
    }

    /// Ends the viewer's session. Other sessions of the user go on.
    async fn sign_out(&self, context: &Context<'_>) -> Result<SignOutPayload, Error> {
        let scope = scope(context)?;
        let viewer = scope.signed_in()?;
        scope.idempotency.refuse_key()?;
        let user = User::of(context, viewer.user).await?;
        scope.reader.write(async |transaction| session::end(transaction, viewer.session).await).await?;
        scope.end_session();
        Ok(SignOutPayload { user })
    }
}

/// Makes an account, and begins a session of its user.
async fn sign_up(
    context: &Context<'_>,
    email: String,
    name: String,
    password: String,
) -> Result<(user::Model, Started), Error> {
    let scope = scope(context)?;
    let password_hash = passwords(context)?.hash(password).await?;
    let created_at = now();
    let user =
        user::Model { id: new_id(), email, name, role: Role::User, password_hash, created_at, updated_at: created_at };
    let signed_up = scope.reader.write(async |transaction| {
        let user = user.into_active_model().insert(transaction).await.map_err(taken)?;
        let started = scope.start_session(transaction, &user).await?;
        Ok((user, started))
    });
    signed_up.await
}

/// Begins a session of the user with that address, if the password is right.
async fn sign_in(
    context: &Context<'_>,
    email: Option<String>,
    password: String,
) -> Result<(user::Model, Started), Error> {
    let scope = scope(context)?;
    let user = match email {
        Some(email) => {
            // Past the caches, which hold no password hash.
            let users = user::Entity::find().filter(user::Column::Email.eq(email));
            users.one(scope.reader.source()).await?
        }
        None => None,
    };
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let right = passwords(context)?.verify(password, hash).await?;
    let user = user.filter(|_| right).ok_or(WRONG_CREDENTIALS)?;
    let signed_in = scope.reader.write(async |transaction| {
        // While the password was being checked, it may have been changed or its user deleted.
        let unchanged = user::Entity::find_by_id(user.id)
            .filter(user::Column::PasswordHash.eq(user.password_hash.clone()))
            .lock_shared();
        let user = unchanged.one(transaction).await?.ok_or(WRONG_CREDENTIALS)?;
        if let Some(before) = scope.viewer().filter(|viewer| viewer.user == user.id) {
            session::end(transaction, before.session).await?;
        }
        let started = scope.start_session(transaction, &user).await?;
        Ok((user, started))
    });
    signed_in.await
}

/// Puts a new password in the place of the one that is right, and one new session in the place of all that the user has.
async fn change_password(
    context: &Context<'_>,
    user: user::Model,
    current_password: String,
    new_password: String,
) -> Result<(user::Model, Started), Error> {
    let scope = scope(context)?;
    let passwords = passwords(context)?;
    if !passwords.verify(current_password, Some(user.password_hash.clone())).await? {
        return Err(WRONG_PASSWORD);
    }
    let password_hash = passwords.hash(new_password).await?;
    let changed = scope.reader.write(async |transaction| {
        let unchanged = user::Entity::find_by_id(user.id)
            .filter(user::Column::PasswordHash.eq(user.password_hash.clone()))
            .lock_exclusive();
        let user = unchanged.one(transaction).await?.ok_or(WRONG_PASSWORD)?;
        let mut user = user.into_active_model();
        (user.password_hash, user.updated_at) = (Set(password_hash), Set(now()));
        let user = user.update(transaction).await?;
        session::end_all(transaction, user.id, None).await?;
        let started = scope.start_session(transaction, &user).await?;
        Ok((user, started))
    });
    changed.await
}

/// Tells how an attempt went. What the server could not do is not held against whoever made it.
async fn settle<T>(attempt: Attempt, outcome: &Result<T, Error>) {
    match outcome {
        Ok(_) => attempt.succeeded().await,
        Err(Error::Unauthenticated(_) | Error::Conflict { .. }) => drop(attempt),
        Err(_) => attempt.withdrawn().await,
    }
}

/// The address is the only thing about a new user that another can have.
fn taken(error: DbErr) -> Error {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => {
            Error::Conflict { field: Some("email"), message: "there is an account with this address".to_owned() }
        }
        _ => error.into(),
    }
}

fn passwords<'a>(context: &Context<'a>) -> Result<&'a Passwords, Error> {
    context.data::<Passwords>().map_err(|_| Error::internal("a schema without passwords"))
}
