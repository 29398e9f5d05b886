//! The rows of a file, in the words of the API.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::{ActiveEnum, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder};
use serde::Serialize;
use tidewater_entity::{
    Priority, note, note_like, note_tag, notification, profile, session, tag, todo, todo_tag, user,
};
use type_safe_id::{DynamicType, TypeSafeId};
use uuid::Uuid;

/// The tags of each todo or note.
type Tags = HashMap<Uuid, Vec<String>>;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Account<'a> {
    id: String,
    email: &'a str,
    name: &'a str,
    role: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    profile: Option<Profile<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Profile<'a> {
    bio: &'a str,
    avatar_url: Option<&'a str>,
    updated_at: DateTime<Utc>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tag<'a> {
    id: String,
    name: &'a str,
    created_at: DateTime<Utc>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Todo<'a> {
    id: String,
    text: &'a str,
    notes: Option<&'a str>,
    completed: bool,
    priority: &'static str,
    due_at: Option<DateTime<Utc>>,
    remind_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    tags: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Note<'a> {
    id: String,
    title: &'a str,
    body: &'a str,
    visibility: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    tags: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Like {
    note: String,
    created_at: DateTime<Utc>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Notification<'a> {
    id: String,
    kind: String,
    todo: Option<String>,
    text: &'a str,
    created_at: DateTime<Utc>,
    read_at: Option<DateTime<Utc>>,
}

/// A session, without what its token is checked against.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Session<'a> {
    id: String,
    device: Option<&'a str>,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

impl<'a> Account<'a> {
    pub(super) fn new(user: &'a user::Model, profile: Option<&'a profile::Model>) -> Self {
        let profile = profile.map(|profile| Profile {
            bio: &profile.bio,
            avatar_url: profile.avatar_url.as_deref(),
            updated_at: profile.updated_at,
        });
        Self {
            id: id("user", user.id),
            email: &user.email,
            name: &user.name,
            role: user.role.to_value(),
            created_at: user.created_at,
            updated_at: user.updated_at,
            profile,
        }
    }
}

impl<'a> From<&'a tag::Model> for Tag<'a> {
    fn from(tag: &'a tag::Model) -> Self {
        Self { id: id("tag", tag.id), name: &tag.name, created_at: tag.created_at }
    }
}

impl<'a> Todo<'a> {
    pub(super) fn new(todo: &'a todo::Model, tags: &'a Tags) -> Self {
        Self {
            id: id("todo", todo.id),
            text: &todo.text,
            notes: todo.notes.as_deref(),
            completed: todo.completed,
            priority: match todo.priority {
                Priority::Low => "LOW",
                Priority::Medium => "MEDIUM",
                Priority::High => "HIGH",
            },
            due_at: todo.due_at,
            remind_at: todo.remind_at,
            created_at: todo.created_at,
            updated_at: todo.updated_at,
            tags: of(tags, todo.id),
        }
    }
}

impl<'a> Note<'a> {
    pub(super) fn new(note: &'a note::Model, tags: &'a Tags) -> Self {
        Self {
            id: id("note", note.id),
            title: &note.title,
            body: &note.body,
            visibility: note.visibility.to_value(),
            created_at: note.created_at,
            updated_at: note.updated_at,
            tags: of(tags, note.id),
        }
    }
}

impl From<&note_like::Model> for Like {
    fn from(like: &note_like::Model) -> Self {
        Self { note: id("note", like.note_id), created_at: like.created_at }
    }
}

impl<'a> From<&'a notification::Model> for Notification<'a> {
    fn from(notification: &'a notification::Model) -> Self {
        Self {
            id: id("notification", notification.id),
            kind: notification.kind.to_value(),
            todo: notification.todo_id.map(|todo| id("todo", todo)),
            text: &notification.text,
            created_at: notification.created_at,
            read_at: notification.read_at,
        }
    }
}

impl<'a> From<&'a session::Model> for Session<'a> {
    fn from(session: &'a session::Model) -> Self {
        let session::Model { created_at, expires_at, .. } = *session;
        Self { id: id("session", session.id), device: session.device.as_deref(), created_at, expires_at }
    }
}

/// Each item in JSON.
pub(super) fn texts(items: impl Iterator<Item = impl Serialize>) -> serde_json::Result<Vec<Vec<u8>>> {
    items.map(|item| serde_json::to_vec(&item)).collect()
}

/// The ids of the tags that each of `todos` carries.
pub(super) async fn tags_of_todos(database: &DatabaseTransaction, todos: &[todo::Model]) -> Result<Tags, DbErr> {
    let links = todo_tag::Entity::find()
        .filter(todo_tag::Column::TodoId.is_in(todos.iter().map(|todo| todo.id)))
        .order_by_asc(todo_tag::Column::TagId);
    let links = links.all(database).await?;
    Ok(grouped(links.iter().map(|link| (link.todo_id, link.tag_id))))
}

/// The ids of the tags that each of `notes` carries.
pub(super) async fn tags_of_notes(database: &DatabaseTransaction, notes: &[note::Model]) -> Result<Tags, DbErr> {
    let links = note_tag::Entity::find()
        .filter(note_tag::Column::NoteId.is_in(notes.iter().map(|note| note.id)))
        .order_by_asc(note_tag::Column::TagId);
    let links = links.all(database).await?;
    Ok(grouped(links.iter().map(|link| (link.note_id, link.tag_id))))
}

fn grouped(links: impl Iterator<Item = (Uuid, Uuid)>) -> Tags {
    let mut tags = Tags::new();
    for (carrier, tag) in links {
        tags.entry(carrier).or_default().push(id("tag", tag));
    }
    tags
}

fn of(tags: &Tags, carrier: Uuid) -> &[String] {
    tags.get(&carrier).map(Vec::as_slice).unwrap_or_default()
}

/// The id by which the API knows a row.
fn id(prefix: &str, key: Uuid) -> String {
    // No prefix here is other than lower-case letters.
    DynamicType::new(prefix).map(|prefix| TypeSafeId::from_type_and_uuid(prefix, key).to_string()).unwrap_or_default()
}
