//! What the database holds, as the answers are checked against it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::sqlx::{self, PgConnection};
use type_safe_id::{DynamicType, TypeSafeId};
use uuid::Uuid;

use crate::error::Error;
use crate::version;

/// How many users there are.
pub(crate) const USERS: usize = 1_000;
/// How many todos there are.
pub(crate) const TODOS: usize = 20_000;
/// How many notes there are.
pub(crate) const NOTES: usize = 5_000;
/// How many users are asked for all the time.
pub(crate) const HOT_USERS: usize = 50;
/// How many todos of each of these are asked for all the time.
pub(crate) const HOT_TODOS_PER_USER: usize = 4;

/// What is read by the queries, of all users and todos.
#[derive(Debug)]
pub(crate) struct Dataset {
    /// The users, in the order of their numbers.
    pub(crate) users: Vec<User>,
    /// The todos, oldest first.
    pub(crate) todos: Vec<Todo>,
}

/// A user with a profile.
#[derive(Clone, Debug)]
pub(crate) struct User {
    /// The public id.
    pub(crate) id: String,
    /// The name that others see.
    pub(crate) name: String,
    /// The text of the profile.
    pub(crate) bio: String,
    /// The places of the user's todos in [`Dataset::todos`], oldest first.
    pub(crate) todos: Vec<usize>,
}

/// A todo.
#[derive(Clone, Debug)]
pub(crate) struct Todo {
    /// The public id.
    pub(crate) id: String,
    /// What is to be done.
    pub(crate) text: String,
    /// Whether it is done.
    pub(crate) completed: bool,
    /// When it was created.
    pub(crate) created_at: DateTime<Utc>,
    /// The place of the owner in [`Dataset::users`].
    pub(crate) user: usize,
}

impl Dataset {
    /// Reads it from PostgreSQL.
    pub(crate) async fn read(connection: &mut PgConnection) -> Result<Self, Error> {
        let rows: Vec<(Uuid, String, String)> = sqlx::query_as(
            "SELECT u.id, u.name, p.bio FROM \"user\" AS u JOIN profile AS p ON p.user_id = u.id
             ORDER BY length(u.email), u.email",
        )
        .fetch_all(&mut *connection)
        .await?;
        let places: HashMap<Uuid, usize> = rows.iter().enumerate().map(|(place, (key, ..))| (*key, place)).collect();
        let user = |(key, name, bio)| User { id: public("user", key), name, bio, todos: Vec::new() };
        let mut users: Vec<User> = rows.into_iter().map(user).collect();
        let rows: Vec<(Uuid, Uuid, String, bool, DateTime<Utc>)> =
            sqlx::query_as("SELECT id, user_id, text, completed, created_at FROM todo ORDER BY created_at, id")
                .fetch_all(&mut *connection)
                .await?;
        let mut todos = Vec::with_capacity(rows.len());
        for (key, owner, text, completed, created_at) in rows {
            let Some(place) = places.get(&owner).copied() else { continue };
            users[place].todos.push(todos.len());
            todos.push(Todo { id: public("todo", key), text, completed, created_at, user: place });
        }
        Ok(Self { users, todos })
    }

    /// The users that are asked for all the time.
    pub(crate) fn hot_users(&self) -> &[User] {
        &self.users[..HOT_USERS.min(self.users.len())]
    }

    /// The places of the todos that are asked for all the time: [`HOT_TODOS_PER_USER`] for each hot user, in order.
    pub(crate) fn hot_todos(&self) -> Vec<usize> {
        self.hot_users().iter().flat_map(|user| user.todos.iter().copied().take(HOT_TODOS_PER_USER)).collect()
    }
}

/// The statement that gives every hot todo a text with version 0, on PostgreSQL and SQLite.
pub(crate) fn prepare_hot_todos() -> String {
    format!(
        "UPDATE todo SET text = '{}' WHERE id IN (
            SELECT id FROM (
                SELECT id, row_number() OVER (PARTITION BY user_id ORDER BY created_at, id) AS place FROM todo
                WHERE user_id IN (SELECT id FROM \"user\" ORDER BY length(email), email LIMIT {HOT_USERS})
            ) AS placed WHERE place <= {HOT_TODOS_PER_USER})",
        version::text(0)
    )
}

/// The statement that takes every hot todo back to version 0.
pub(crate) fn reset_hot_todos() -> String {
    let (first, prefix) = (version::text(0), version::PREFIX);
    format!("UPDATE todo SET text = '{first}' WHERE text LIKE '{prefix}%' AND text <> '{first}'")
}

/// The public id of the row of `prefix` with this primary key.
fn public(prefix: &'static str, key: Uuid) -> String {
    match DynamicType::new(prefix) {
        Ok(prefix) => TypeSafeId::from_type_and_uuid(prefix, key).to_string(),
        Err(_) => unreachable!("{prefix} is no prefix of a TypeID"),
    }
}
