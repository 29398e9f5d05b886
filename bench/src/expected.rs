//! What the two queries must answer, from what the database holds.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::dataset::{Dataset, User};
use crate::response::Response;

/// The data of W1.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TodoData {
    todo: TodoNode,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
struct TodoNode {
    id: String,
    text: String,
    completed: bool,
    user: Owner,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
struct Owner {
    id: String,
    name: String,
}

/// The data of W2.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListData {
    user: ListUser,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct ListUser {
    todos: List,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct List {
    nodes: Vec<ListTodo>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ListTodo {
    id: String,
    text: String,
    completed: bool,
    created_at: DateTime<Utc>,
    user: ListOwner,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct ListOwner {
    id: String,
    name: String,
    profile: ListProfile,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct ListProfile {
    bio: String,
}

impl TodoData {
    /// What the database holds for the todo at that place.
    pub(crate) fn of(dataset: &Dataset, place: usize) -> Self {
        let todo = &dataset.todos[place];
        let owner = &dataset.users[todo.user];
        let user = Owner { id: owner.id.clone(), name: owner.name.clone() };
        Self { todo: TodoNode { id: todo.id.clone(), text: todo.text.clone(), completed: todo.completed, user } }
    }
}

impl ListData {
    /// What the database holds for that user.
    pub(crate) fn of(dataset: &Dataset, user: &User) -> Self {
        let node = |place: &usize| {
            let todo = &dataset.todos[*place];
            let profile = ListProfile { bio: user.bio.clone() };
            ListTodo {
                id: todo.id.clone(),
                text: todo.text.clone(),
                completed: todo.completed,
                created_at: todo.created_at,
                user: ListOwner { id: user.id.clone(), name: user.name.clone(), profile },
            }
        };
        Self { user: ListUser { todos: List { nodes: user.todos.iter().take(20).map(node).collect() } } }
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    errors: Option<&'a RawValue>,
}

/// The data of a response as they stand there, if they are what is expected; otherwise what is wrong with them.
pub(crate) fn checked<'a, T>(response: &Response<'a>, expected: &T) -> Result<&'a [u8], String>
where
    T: for<'de> Deserialize<'de> + PartialEq,
{
    let shown = || String::from_utf8_lossy(&response.body[..response.body.len().min(400)]).into_owned();
    if response.status != 200 {
        return Err(format!("status {} and {}", response.status, shown()));
    }
    let envelope: Envelope<'_> = serde_json::from_slice(response.body).map_err(|_| format!("no JSON: {}", shown()))?;
    let (Some(data), None) = (envelope.data, envelope.errors) else {
        return Err(format!("with errors: {}", shown()));
    };
    match serde_json::from_str::<T>(data.get()) {
        Ok(found) if found == *expected => Ok(data.get().as_bytes()),
        Ok(_) => Err(format!("other data than the database holds: {}", shown())),
        Err(error) => Err(format!("another shape ({error}): {}", shown())),
    }
}
