//! What is said to the API, by the text of its schema, and the shape of what it answers.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use type_safe_id::{DynamicType, TypeSafeId};
use uuid::Uuid;

use crate::state::Family;

/// At most this many items are in a list, so that what is not in it is known not to be.
pub(crate) const LONGEST_LIST: usize = 100;

macro_rules! todo_fields {
    () => {
        "id text completed"
    };
}
macro_rules! note_fields {
    () => {
        "id title visibility"
    };
}
macro_rules! user_fields {
    () => {
        "user { id name profile { bio } }"
    };
}

pub(crate) const ITEMS: &str = concat!(
    "query($ids: [ID!]!) { items: nodes(ids: $ids) { ... on Todo { ",
    todo_fields!(),
    " user { id } } ... on Note { ",
    note_fields!(),
    " user { id } } } }"
);
pub(crate) const TODO: &str =
    concat!("query($id: ID!) { item: todo(id: $id) { ", todo_fields!(), " ", user_fields!(), " } }");
pub(crate) const NOTE: &str =
    concat!("query($id: ID!) { item: note(id: $id) { ", note_fields!(), " ", user_fields!(), " } }");
pub(crate) const OWN_TODOS: &str = concat!(
    "{ viewer { id name profile { bio } todos(first: 100) { totalCount nodes { ",
    todo_fields!(),
    " } } notes(first: 100) { totalCount nodes { ",
    note_fields!(),
    " } } } }"
);
pub(crate) const SPLIT_TODOS: &str = concat!(
    "{ done: todos(first: 100, filter: { completed: true }, orderBy: [{ field: UPDATED_AT, direction: DESC }]) { ",
    "totalCount nodes { ",
    todo_fields!(),
    " } } open: todos(first: 100, filter: { completed: false }) { totalCount nodes { ",
    todo_fields!(),
    " } } }"
);
pub(crate) const TODO_COUNTS: &str = "{ done: todos(first: 1, filter: { completed: true }) { totalCount } \
                                      open: todos(first: 1, filter: { completed: false }) { totalCount } \
                                      todos(first: 1) { totalCount } }";
pub(crate) const POOL_TODOS: &str = concat!(
    "query($text: String!) { todos(first: 100, filter: { text: $text }) { totalCount nodes { ",
    todo_fields!(),
    " user { id name } } } }"
);
pub(crate) const POOL_NOTES: &str = concat!(
    "query($text: String!) { notes(first: 100, filter: { text: $text }) { totalCount nodes { ",
    note_fields!(),
    " user { id name } } } }"
);
pub(crate) const PUBLIC_NOTES: &str = concat!(
    "query($text: String!) { notes(first: 100, filter: { visibility: PUBLIC, text: $text }) { totalCount nodes { ",
    note_fields!(),
    " user { id name } } } }"
);
pub(crate) const USER_NOTES: &str = concat!(
    "query($id: ID!) { user(id: $id) { id name profile { bio } notes(first: 100) { totalCount nodes { ",
    note_fields!(),
    " } } } }"
);

pub(crate) const SIGN_UP: &str =
    "mutation($input: SignUpInput!) { signUp(input: $input) { token viewer { id name profile { bio } } } }";
pub(crate) const VIEWER: &str = "{ viewer { id name profile { bio } } }";
pub(crate) const SCHEMA: &str = "{ __schema { types { name fields { name } } } }";
pub(crate) const UPDATE_PROFILE: &str =
    "mutation($input: UpdateProfileInput!) { updateProfile(input: $input) { viewer { id name profile { bio } } } }";

/// The mutation that does this to a row of `family`.
pub(crate) fn mutation(family: Family, operation: Operation) -> &'static str {
    match (family, operation) {
        (Family::Note, Operation::Create) => concat!(
            "mutation($input: CreateNoteInput!) { written: createNote(input: $input) { note { ",
            note_fields!(),
            " user { id } } } }"
        ),
        (Family::Note, Operation::Update) => concat!(
            "mutation($input: UpdateNoteInput!) { written: updateNote(input: $input) { note { ",
            note_fields!(),
            " user { id } } } }"
        ),
        (Family::Note, Operation::Delete) => {
            "mutation($input: DeleteNoteInput!) { written: deleteNote(input: $input) { deletedId } }"
        }
        (_, Operation::Create) => concat!(
            "mutation($input: CreateTodoInput!) { written: createTodo(input: $input) { todo { ",
            todo_fields!(),
            " user { id } } } }"
        ),
        (_, Operation::Update) => concat!(
            "mutation($input: UpdateTodoInput!) { written: updateTodo(input: $input) { todo { ",
            todo_fields!(),
            " user { id } } } }"
        ),
        (_, Operation::Delete) => {
            "mutation($input: DeleteTodoInput!) { written: deleteTodo(input: $input) { deletedId } }"
        }
    }
}

/// What a mutation does to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Create,
    Update,
    Delete,
}

/// The body of a request.
pub(crate) fn body(query: &str, variables: &Value) -> String {
    #[derive(Serialize)]
    struct Body<'a> {
        query: &'a str,
        variables: &'a Value,
    }
    // A value without maps that have other keys than strings can always be written.
    serde_json::to_string(&Body { query, variables }).unwrap_or_default()
}

/// The body of a mutation of one row.
pub(crate) fn mutation_body(family: Family, operation: Operation, input: &Value) -> String {
    body(mutation(family, operation), &json!({ "input": input }))
}

/// The public id of a row.
pub(crate) fn public_id(prefix: &str, id: Uuid) -> String {
    DynamicType::new(prefix)
        .map_or_else(|_| String::new(), |prefix| TypeSafeId::from_type_and_uuid(prefix, id).to_string())
}

/// The primary key that a public id stands for.
pub(crate) fn primary_key(public: &str) -> Option<Uuid> {
    public.parse::<TypeSafeId<DynamicType>>().ok().map(|id| id.uuid())
}

/// What the public ids of a family begin with.
pub(crate) fn prefix(family: Family) -> &'static str {
    match family {
        Family::Todo => "todo",
        Family::Note => "note",
        Family::Name | Family::Bio => "user",
    }
}

/// An answer.
#[derive(Debug, Deserialize)]
pub(crate) struct Answer<'a> {
    #[serde(borrow, default)]
    pub(crate) data: Option<Data<'a>>,
    #[serde(borrow, default)]
    pub(crate) errors: Vec<Fault<'a>>,
    #[serde(default)]
    pub(crate) extensions: Option<Told>,
}

/// What is said of an answer as a whole.
#[derive(Debug, Deserialize)]
pub(crate) struct Told {
    #[serde(default)]
    pub(crate) tidewater: Option<Freshness>,
}

/// How fresh an answer says that it is.
#[derive(Debug, Deserialize)]
pub(crate) struct Freshness {
    /// Whether it is older than is allowed otherwise, as the database cannot be asked.
    #[serde(default)]
    pub(crate) stale: bool,
}

/// An error in an answer.
#[derive(Debug, Deserialize)]
pub(crate) struct Fault<'a> {
    #[serde(borrow)]
    pub(crate) message: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) extensions: Option<Extensions<'a>>,
}

/// What is said of an error to programs.
#[derive(Debug, Deserialize)]
pub(crate) struct Extensions<'a> {
    #[serde(borrow, default)]
    pub(crate) code: Option<Cow<'a, str>>,
}

/// Everything that the queries above ask for. What was not asked for, or is null, is `None`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Data<'a> {
    #[serde(borrow)]
    pub(crate) items: Option<Vec<Option<Item<'a>>>>,
    pub(crate) item: Option<Item<'a>>,
    pub(crate) viewer: Option<User<'a>>,
    pub(crate) user: Option<User<'a>>,
    pub(crate) todos: Option<List<'a>>,
    pub(crate) done: Option<List<'a>>,
    pub(crate) open: Option<List<'a>>,
    pub(crate) notes: Option<List<'a>>,
    pub(crate) written: Option<Written<'a>>,
    pub(crate) update_profile: Option<SignedUp<'a>>,
    pub(crate) sign_up: Option<SignedUp<'a>>,
}

/// A todo or a note.
#[derive(Debug, Deserialize)]
pub(crate) struct Item<'a> {
    #[serde(borrow)]
    pub(crate) id: Cow<'a, str>,
    #[serde(borrow, alias = "title")]
    pub(crate) text: Cow<'a, str>,
    #[serde(default)]
    pub(crate) completed: Option<bool>,
    #[serde(borrow, default)]
    pub(crate) visibility: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) user: Option<User<'a>>,
}

/// A user.
#[derive(Debug, Deserialize)]
pub(crate) struct User<'a> {
    #[serde(borrow)]
    pub(crate) id: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) profile: Option<Profile<'a>>,
    #[serde(borrow, default)]
    pub(crate) todos: Option<List<'a>>,
    #[serde(borrow, default)]
    pub(crate) notes: Option<List<'a>>,
}

/// A profile.
#[derive(Debug, Deserialize)]
pub(crate) struct Profile<'a> {
    #[serde(borrow)]
    pub(crate) bio: Cow<'a, str>,
}

/// A list, or only its count.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct List<'a> {
    pub(crate) total_count: i64,
    #[serde(borrow, default)]
    pub(crate) nodes: Vec<Item<'a>>,
}

/// What a mutation of one row answers.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Written<'a> {
    #[serde(borrow, default)]
    pub(crate) todo: Option<Item<'a>>,
    #[serde(borrow, default)]
    pub(crate) note: Option<Item<'a>>,
    #[serde(borrow, default)]
    pub(crate) deleted_id: Option<Cow<'a, str>>,
}

/// A user, and a token where one was made.
#[derive(Debug, Deserialize)]
pub(crate) struct SignedUp<'a> {
    #[serde(borrow, default)]
    pub(crate) token: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) viewer: User<'a>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        let text = r#"{"data":{"item":{"id":"note_1","title":"a\nb","visibility":"PUBLIC","user":{"id":"user_1","name":"n",
            "profile":null}},"done":{"totalCount":3}}}"#;
        let data = serde_json::from_str::<Answer<'_>>(text).unwrap().data.unwrap();
        let item = data.item.unwrap();
        assert_eq!((&*item.text, item.visibility.as_deref()), ("a\nb", Some("PUBLIC")));
        assert!(item.user.unwrap().profile.is_none());
        assert_eq!(data.done.unwrap().total_count, 3);
        let text = r#"{"errors":[{"message":"m","extensions":{"code":"TIMEOUT"}}],"data":null}"#;
        let answer = serde_json::from_str::<Answer<'_>>(text).unwrap();
        assert_eq!(answer.errors[0].extensions.as_ref().unwrap().code.as_deref(), Some("TIMEOUT"));
        let text = r#"{"data":{},"extensions":{"tidewater":{"mark":"m","stale":true,"ageMilliseconds":5},"other":1}}"#;
        let answer = serde_json::from_str::<Answer<'_>>(text).unwrap();
        assert!(answer.extensions.unwrap().tidewater.unwrap().stale);
    }

    #[test]
    fn public_ids_are_read_as_they_are_written() {
        let id = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0009);
        assert_eq!(public_id("todo", id), "todo_01j0000000e008000000000009");
        assert_eq!(primary_key("todo_01j0000000e008000000000009"), Some(id));
    }
}
