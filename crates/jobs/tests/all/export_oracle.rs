//! What the file of an export must say, read from the tables by other means.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseConnection, QueryResult, Statement};
use serde_json::{Value, json};
use type_safe_id::{DynamicType, TypeSafeId};
use uuid::Uuid;

/// The tags of each todo or note.
type Links = BTreeMap<Option<Uuid>, Vec<String>>;

pub(crate) async fn expected(database: &DatabaseConnection, user: Uuid) -> Value {
    let read = async |columns: &str, from: &str, owner: &str| {
        let text = format!("SELECT {columns} FROM {from} WHERE {owner} = $1");
        let statement = Statement::from_sql_and_values(database.get_database_backend(), text, [user.into()]);
        let mut rows = database.query_all_raw(statement).await.unwrap();
        rows.sort_by_key(|row| (row.try_get::<DateTime<Utc>>("", "created_at").ok(), get_id(row)));
        rows
    };
    let account = read("id, email, name, role, created_at, updated_at", "\"user\"", "id").await;
    let profile = read("user_id AS id, bio, avatar_url, updated_at", "profile", "user_id").await;
    let profile = profile.first().map(|row| {
        json!({ "bio": text(row, "bio"), "avatarUrl": text(row, "avatar_url"), "updatedAt": time(row, "updated_at") })
    });
    let mut account = with(&account[0], "user", &["email", "name", "role"], &["created_at", "updated_at"]);
    account["profile"] = profile.into();

    let tags = read("id, name, created_at", "tag", "user_id").await;
    let todos = read("*", "todo", "user_id").await;
    let todo_tags = read("todo_id AS id, tag_id", "todo_tag JOIN tag ON tag.id = tag_id", "user_id").await;
    let todo_tags = links(&todo_tags);
    let notes = read("*", "note", "user_id").await;
    let note_tags = read("note_id AS id, tag_id", "note_tag JOIN tag ON tag.id = tag_id", "user_id").await;
    let note_tags = links(&note_tags);
    let likes = read("note_id AS id, created_at", "note_like", "user_id").await;
    let like = |row| json!({ "note": id("note", get_id(row).unwrap()), "createdAt": time(row, "created_at") });
    let notifications = read("*", "notification", "user_id").await;
    let sessions = read("id, device, created_at, expires_at", "session", "user_id").await;
    json!({
        "user": account,
        "tags": tags.iter().map(|row| with(row, "tag", &["name"], &["created_at"])).collect::<Vec<_>>(),
        "todos": todos.iter().map(|row| todo(row, &todo_tags)).collect::<Vec<_>>(),
        "notes": notes.iter().map(|row| note(row, &note_tags)).collect::<Vec<_>>(),
        "likes": likes.iter().map(like).collect::<Vec<_>>(),
        "notifications": notifications.iter().map(notification).collect::<Vec<_>>(),
        "sessions": sessions.iter().map(|row| with(row, "session", &["device"], &["created_at", "expires_at"])).collect::<Vec<_>>(),
    })
}

fn todo(row: &QueryResult, links: &Links) -> Value {
    let times = ["created_at", "updated_at", "due_at", "remind_at"];
    let mut todo = with(row, "todo", &["text", "notes"], &times);
    todo["completed"] = row.try_get::<bool>("", "completed").unwrap().into();
    todo["priority"] = ["LOW", "MEDIUM", "HIGH"][row.try_get::<i16>("", "priority").unwrap() as usize].into();
    todo["tags"] = tags_of(row, links);
    todo
}

fn note(row: &QueryResult, links: &Links) -> Value {
    let mut note = with(row, "note", &["title", "body", "visibility"], &["created_at", "updated_at"]);
    note["tags"] = tags_of(row, links);
    note
}

fn notification(row: &QueryResult) -> Value {
    let mut notification = with(row, "notification", &["kind", "text"], &["created_at", "read_at"]);
    let todo = row.try_get::<Option<Uuid>>("", "todo_id").unwrap();
    notification["todo"] = todo.map(|todo| id("todo", todo)).into();
    notification
}

fn tags_of(row: &QueryResult, links: &Links) -> Value {
    let mut tags = links.get(&get_id(row)).cloned().unwrap_or_default();
    tags.sort();
    tags.into()
}

fn links(rows: &[QueryResult]) -> Links {
    let mut links = Links::new();
    for row in rows {
        links.entry(get_id(row)).or_default().push(id("tag", row.try_get("", "tag_id").unwrap()));
    }
    links
}

/// The row's id, texts and times, under the names of the API.
fn with(row: &QueryResult, prefix: &str, texts: &[&str], times: &[&str]) -> Value {
    let mut value = json!({ "id": id(prefix, get_id(row).unwrap()) });
    for column in texts {
        value[camel_case(column)] = text(row, column);
    }
    for column in times {
        value[camel_case(column)] = time(row, column);
    }
    value
}

fn text(row: &QueryResult, column: &str) -> Value {
    row.try_get::<Option<String>>("", column).unwrap().into()
}

fn time(row: &QueryResult, column: &str) -> Value {
    json!(row.try_get::<Option<DateTime<Utc>>>("", column).unwrap())
}

fn get_id(row: &QueryResult) -> Option<Uuid> {
    row.try_get("", "id").ok()
}

fn id(prefix: &str, key: Uuid) -> String {
    TypeSafeId::from_type_and_uuid(DynamicType::new(prefix).unwrap(), key).to_string()
}

fn camel_case(column: &str) -> String {
    let mut parts = column.split('_');
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |name, part| name + &part[..1].to_uppercase() + &part[1..])
}
