//! What caches depend on, in words: `todo(id=todo_01…)`, `todo(user_id=user_01…)[completed]`, `todo` for all rows.
//!
//! Ids are written as clients know them. Of texts, only those are written that the entity declares to be for everybody's eyes: an
//! e-mail address or the hash of a token never is.

use tidewater_cache::{About, Part, Rows};
use tidewater_changelog::{Tracking, Value};
use tidewater_entity::may_be_shown;

use crate::id;
use crate::store::{Ground, GroundRows};

/// Stands for a value that is not shown.
const HIDDEN: &str = "…";

/// Of something that a selection declares to depend on.
pub(crate) fn of_ground(tracking: &[Tracking], ground: &Ground) -> String {
    let Ground { table, rows, columns } = ground;
    let rows = match rows {
        GroundRows::All => (*table).to_owned(),
        GroundRows::Key(key) => of_key(tracking, table, &[Value::Uuid(*key)]),
        GroundRows::Having(column, value) => format!("{table}({})", of_value(table, column, value)),
    };
    match columns {
        Some(columns) => format!("{rows}[{}]", columns.join(",")),
        None => rows,
    }
}

/// Of what changed.
pub(crate) fn of_part(tracking: &[Tracking], part: &Part) -> String {
    let Part { table, rows, about } = part;
    let rows = match rows {
        Rows::All => table.to_string(),
        Rows::Key(key) => of_key(tracking, table, key),
        Rows::Having(column, value) => format!("{table}({})", of_value(table, column, value)),
    };
    match about {
        About::Anything | About::SomeColumns => rows,
        About::Membership => format!("{rows}[]"),
        About::Column(column) => format!("{rows}[{column}]"),
    }
}

/// Of the row with this primary key.
pub(crate) fn of_key(tracking: &[Tracking], table: &str, key: &[Value]) -> String {
    let columns = tracking.iter().find(|tracking| tracking.table == table).map_or(&[][..], |tracking| tracking.key);
    let parts: Vec<_> = columns.iter().zip(key).map(|(column, value)| of_value(table, column.name, value)).collect();
    format!("{table}({})", parts.join(","))
}

fn of_value(table: &str, column: &str, value: &Value) -> String {
    let value = match value {
        Value::Null => "null".to_owned(),
        Value::Boolean(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Uuid(key) => id::text(prefix(table, column), *key),
        Value::Text(text) if may_be_shown(table, column) => text.clone(),
        Value::Text(_) => HIDDEN.to_owned(),
    };
    format!("{column}={value}")
}

/// What the ids in a column begin with: `user` in `todo.user_id`, `todo` in `todo.id`.
fn prefix<'a>(table: &'a str, column: &'a str) -> &'a str {
    match column {
        "id" => table,
        _ => column.strip_suffix("_id").unwrap_or(column),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tidewater_entity::tracking;
    use uuid::Uuid;

    use super::*;

    fn having(table: &str, column: &str, value: Value) -> String {
        let (rows, about) = (Rows::Having(Arc::from(column), value), About::Column("completed".into()));
        of_part(&tracking(), &Part { table: table.into(), rows, about })
    }

    #[test]
    fn ids_are_written_as_clients_know_them() {
        let key = Uuid::from_u128(1);
        let id = id::encode("user", key);
        assert_eq!(having("todo", "user_id", Value::Uuid(key)), format!("todo(user_id={})[completed]", *id));
        let id = id::encode("todo", key);
        assert_eq!(of_key(&tracking(), "todo", &[Value::Uuid(key)]), format!("todo(id={})", *id));
        let link = of_key(&tracking(), "todo_tag", &[Value::Uuid(key), Value::Uuid(key)]);
        assert_eq!(link, format!("todo_tag(todo_id={},tag_id={})", *id, *id::encode("tag", key)));
    }

    #[test]
    fn no_text_is_written_but_those_that_are_for_everybodys_eyes() {
        for tracked in tracking() {
            for column in tracked.columns() {
                let name = having(tracked.table, column.name, Value::Text("ada@example.test".to_owned()));
                let shown = (tracked.table, column.name) == ("note", "visibility");
                assert_eq!(name.contains("ada@example.test"), shown, "{name}");
            }
        }
    }

    #[test]
    fn what_about_the_rows_is_told() {
        let of = |about| of_part(&tracking(), &Part { table: "todo".into(), rows: Rows::All, about });
        assert_eq!(of(About::Anything), "todo");
        assert_eq!(of(About::Membership), "todo[]");
        assert_eq!(of(About::Column("due_at".into())), "todo[due_at]");
        let columns = Some(vec!["completed", "due_at"]);
        let ground = Ground { table: "todo", rows: GroundRows::All, columns };
        assert_eq!(of_ground(&tracking(), &ground), "todo[completed,due_at]");
    }
}
