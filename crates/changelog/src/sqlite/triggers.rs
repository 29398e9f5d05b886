//! The text of the triggers.

use super::table::{KeyColumn, Table, identifier, literal};
use crate::Tracking;
use crate::decode::columns_text;

/// A trigger that `install` makes: its name and the whole statement.
pub(super) type Trigger = (String, String);

/// The triggers of one tracked table.
pub(super) fn triggers(tracking: &Tracking, table: &Table) -> Vec<Trigger> {
    Source::new(tracking, table).triggers()
}

struct Source<'a> {
    tracking: &'a Tracking,
    table: &'a Table,
    /// The values of the first columns of every row that is logged.
    constants: String,
}

impl<'a> Source<'a> {
    fn new(tracking: &'a Tracking, table: &'a Table) -> Self {
        let constants = format!("{}, {}", literal(tracking.table), literal(&columns_text(tracking)));
        Self { tracking, table, constants }
    }

    fn triggers(&self) -> Vec<Trigger> {
        let (old, new) = (self.values("OLD"), self.values("NEW"));
        let (inserted, deleted) = (self.log('I', "NULL", &new), self.log('D', &old, "NULL"));
        let other_key = self.differ(self.tracking.key.iter().map(|column| column.name));
        let changed = self.changed();
        let update = format!(
            "{} WHERE NOT ({other_key}); {deleted} WHERE {other_key}; {inserted} WHERE {other_key};",
            self.log_changed('U', &old, &new, &changed)
        );
        let differs = format!("({}) OR {}", self.differ(self.table.columns.iter().map(String::as_str)), self.grown());
        vec![
            self.trigger("insert", "AFTER INSERT", "", &format!("{inserted};")),
            self.trigger("update", "AFTER UPDATE", &format!(" WHEN {differs}"), &update),
            self.trigger("delete", "AFTER DELETE", "", &format!("{deleted};")),
            self.trigger("insert_replace", "BEFORE INSERT", "", &self.replaced("")),
            // An update replaces other rows than its own.
            self.trigger("update_replace", "BEFORE UPDATE", "", &self.replaced(&self.other_row())),
        ]
    }

    fn trigger(&self, suffix: &str, event: &str, condition: &str, body: &str) -> Trigger {
        let name = format!("tidewater_{}_{suffix}", self.tracking.table);
        let table = identifier(&self.table.name);
        let quoted = identifier(&name);
        (name, format!("CREATE TRIGGER {quoted} {event} ON {table} FOR EACH ROW{condition} BEGIN {body} END"))
    }

    fn log(&self, operation: char, old: &str, new: &str) -> String {
        self.log_changed(operation, old, new, "NULL")
    }

    fn log_changed(&self, operation: char, old: &str, new: &str, changed: &str) -> String {
        format!(
            "INSERT INTO tidewater_change (table_name, columns, operation, old_values, new_values, changed) SELECT {}, \
             '{operation}', {old}, {new}, {changed}",
            self.constants
        )
    }

    /// `REPLACE` deletes rows without firing delete triggers, and no trigger can tell whether a statement replaces: each row
    /// that it would delete is logged beforehand. So an upsert or ignored insert logs a row that it does not delete.
    fn replaced(&self, other_row: &str) -> String {
        let conflicts = self.table.unique.iter().map(|columns| conflict(columns)).collect::<Vec<_>>().join(" OR ");
        let log = self.log('R', &self.values("r"), "NULL");
        format!("{log} FROM {} AS r WHERE ({conflicts}){other_row};", identifier(&self.table.name))
    }

    fn other_row(&self) -> String {
        let same = |column: &crate::Column| format!("r.{0} IS OLD.{0}", identifier(column.name));
        format!(" AND NOT ({})", self.tracking.key.iter().map(same).collect::<Vec<_>>().join(" AND "))
    }

    /// The tracked values as a JSON array, which cannot hold a blob.
    fn values(&self, row: &str) -> String {
        let value = |column: &crate::Column| {
            let value = format!("{row}.{}", identifier(column.name));
            format!("iif(typeof({value}) = 'blob', hex({value}), {value})")
        };
        format!("json_array({})", self.tracking.columns().map(value).collect::<Vec<_>>().join(", "))
    }

    /// The names of the columns that differ, and nulls; null where the table has columns that this text does not know.
    fn changed(&self) -> String {
        let name = |column: &String| format!("iif({}, {}, NULL)", differs(column), literal(column));
        let names = self.table.columns.iter().map(name).collect::<Vec<_>>().join(", ");
        format!("iif({}, NULL, json_array({names}))", self.grown())
    }

    fn differ<'b>(&self, columns: impl Iterator<Item = &'b str>) -> String {
        columns.map(differs).collect::<Vec<_>>().join(" OR ")
    }

    fn grown(&self) -> String {
        let (name, definition) = (literal(&self.table.name), literal(&self.table.definition));
        format!("(SELECT sql FROM sqlite_master WHERE type = 'table' AND name = {name}) IS NOT {definition}")
    }
}

/// Whether a column's values look different, whatever its collation calls equal.
fn differs(column: &(impl AsRef<str> + ?Sized)) -> String {
    let column = identifier(column.as_ref());
    format!("OLD.{column} IS NOT NEW.{column} COLLATE BINARY OR typeof(OLD.{column}) <> typeof(NEW.{column})")
}

fn conflict(columns: &[KeyColumn]) -> String {
    let equal = |column: &KeyColumn| {
        let (name, collation) = (identifier(&column.name), identifier(&column.collation));
        format!("r.{name} = NEW.{name} COLLATE {collation}")
    };
    columns.iter().map(equal).collect::<Vec<_>>().join(" AND ")
}
