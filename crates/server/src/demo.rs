//! Sample data: what `seed` and a first start make, and how to sign in to it.

use sea_orm::DatabaseConnection;
use tidewater_entity::seed::{Plan, Stage, Summary, seed};

use crate::error::{Error, one_line};

/// What everything that is made is drawn from.
pub(crate) const SEED: u64 = 1;

/// What a first start makes.
pub(crate) const SMALL: Plan = Plan { users: 10, todos: 200, notes: 50, seed: SEED };

const PASSWORD: &str = "tidewater";

/// Makes the rows of `plan`, all or none.
pub(crate) async fn plant(
    database: &DatabaseConnection,
    plan: Plan,
    progress: impl FnMut(Stage, usize, usize) + Send,
) -> Result<Summary, Error> {
    let hash = tidewater_graphql::hash_password(PASSWORD)
        .map_err(|_| Error::Seed("the demo's password cannot be hashed".to_owned()))?;
    seed(database, plan, hash.as_str(), progress).await.map_err(|error| match error {
        tidewater_entity::Error::Seeded => Error::Seeded,
        error => Error::Seed(one_line(&error)),
    })
}

/// How to sign in, with `users` users.
pub(crate) fn sign_in_data(users: u32) -> String {
    let others = match users {
        0 | 1 => String::new(),
        2 => ", or as user2@example.test".to_owned(),
        more => format!(", or as user2@example.test to user{more}@example.test"),
    };
    format!("sign in as user1@example.test, who is an admin{others}; the password is `{PASSWORD}`")
}
