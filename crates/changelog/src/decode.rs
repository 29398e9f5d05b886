use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use crate::{Change, Columns, Kind, Operation, RowChange, Tracking, Value};

/// A row of the change log as it is stored.
#[derive(Debug)]
pub(crate) struct Logged {
    pub(crate) table: String,
    /// The declaration that the writer's trigger was made from, see [`columns_text`].
    pub(crate) columns: Option<String>,
    pub(crate) operation: String,
    pub(crate) old: Vec<Option<String>>,
    pub(crate) new: Vec<Option<String>>,
    pub(crate) changed: Option<Vec<String>>,
}

/// Turns stored rows into changes, by the declarations.
///
/// Whatever cannot be read as declared (another declaration was in force when it was logged, a value is not of its kind)
/// becomes a change of the whole table: coarser, never missing.
#[derive(Debug)]
pub(crate) struct Decoder {
    tables: HashMap<&'static str, Table>,
}

#[derive(Debug)]
struct Table {
    name: Arc<str>,
    columns: String,
    kinds: Vec<Kind>,
}

/// The declared columns as one text. Each logged row carries it, because a process may run with an older or newer
/// declaration than the one that is installed.
pub(crate) fn columns_text(tracking: &Tracking) -> String {
    tracking.columns().map(|column| column.name).collect::<Vec<_>>().join(",")
}

impl Decoder {
    pub(crate) fn new(tracking: &[Tracking]) -> Self {
        let tables = tracking.iter().map(|tracking| {
            let kinds = tracking.columns().map(|column| column.kind).collect();
            (tracking.table, Table { name: tracking.table.into(), columns: columns_text(tracking), kinds })
        });
        Self { tables: tables.collect() }
    }

    pub(crate) fn change(&self, logged: Logged) -> Change {
        match self.tables.get(logged.table.as_str()) {
            None => Change::Table { table: logged.table.into() },
            Some(table) => {
                table.row(logged).map_or_else(|| Change::Table { table: Arc::clone(&table.name) }, Change::Row)
            }
        }
    }
}

impl Table {
    fn row(&self, logged: Logged) -> Option<RowChange> {
        if logged.columns.as_ref() != Some(&self.columns) {
            return None;
        }
        let (operation, old_expected, new_expected) = match logged.operation.as_str() {
            "I" => (Operation::Insert, false, true),
            "U" => (Operation::Update, true, true),
            "D" => (Operation::Delete, true, false),
            "R" => (Operation::Replace, true, false),
            _ => return None,
        };
        let changed = match (operation, logged.changed) {
            (Operation::Update, Some(names)) => Columns::Named(names.into_iter().map(Arc::from).collect()),
            _ => Columns::All,
        };
        let old = if old_expected { self.values(logged.old)? } else { Vec::new() };
        let new = if new_expected { self.values(logged.new)? } else { Vec::new() };
        Some(RowChange { table: Arc::clone(&self.name), operation, old, new, changed })
    }

    fn values(&self, texts: Vec<Option<String>>) -> Option<Vec<Value>> {
        if texts.len() != self.kinds.len() {
            return None;
        }
        texts.into_iter().zip(&self.kinds).map(|(text, kind)| value(text, *kind)).collect()
    }
}

fn value(text: Option<String>, kind: Kind) -> Option<Value> {
    let Some(text) = text else { return Some(Value::Null) };
    match kind {
        Kind::Boolean => match text.as_str() {
            "true" | "1" => Some(Value::Boolean(true)),
            "false" | "0" => Some(Value::Boolean(false)),
            _ => None,
        },
        Kind::Integer => text.parse().ok().map(Value::Integer),
        Kind::Text => Some(Value::Text(text)),
        Kind::Uuid => Uuid::parse_str(&text).ok().map(Value::Uuid),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Column;

    const TODO: Tracking =
        Tracking::new("todo", &[Column::new("id", Kind::Integer)], &[Column::new("done", Kind::Boolean)]);

    fn logged(columns: &str, new: &[Option<&str>]) -> Logged {
        Logged {
            table: "todo".to_owned(),
            columns: Some(columns.to_owned()),
            operation: "I".to_owned(),
            old: Vec::new(),
            new: new.iter().map(|text| text.map(str::to_owned)).collect(),
            changed: None,
        }
    }

    #[test]
    fn a_row_logged_as_declared_is_read_by_kind() {
        let change = Decoder::new(&[TODO]).change(logged("id,done", &[Some("7"), Some("true")]));
        let new = vec![Value::Integer(7), Value::Boolean(true)];
        let table = Arc::from("todo");
        let expected = RowChange { table, operation: Operation::Insert, old: vec![], new, changed: Columns::All };
        assert_eq!(change, Change::Row(expected));
    }

    #[test]
    fn what_cannot_be_read_as_declared_is_a_change_of_the_table() {
        let decoder = Decoder::new(&[TODO]);
        let whole = Change::Table { table: "todo".into() };
        for unreadable in [
            logged("id,other", &[Some("7"), Some("true")]),
            logged("id,done", &[Some("7")]),
            logged("id,done", &[Some("seven"), Some("true")]),
            logged("id,done", &[Some("7"), Some("2")]),
        ] {
            assert_eq!(decoder.change(unreadable), whole);
        }
    }
}
