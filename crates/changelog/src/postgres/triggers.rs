//! The text of the trigger functions, and the triggers that call them.

use std::fmt::Write;

use super::table::{Equality, LiveColumn, Table, identifier, literal, shape_query};
use crate::decode::columns_text;
use crate::{Tracking, TriggerForm};

/// A statement that changes more rows than this is logged as one change of the whole table.
const BULK_ROWS: u32 = 1_000;

const FUNCTION_PREFIX: &str = "tidewater_log_";

/// What `install` makes for one tracked table.
#[derive(Debug)]
pub(super) struct Design {
    pub(super) table: Table,
    pub(super) function: String,
    pub(super) source: String,
    pub(super) triggers: Vec<Trigger>,
}

/// One trigger, on every member of the table.
#[derive(Debug)]
pub(super) struct Trigger {
    pub(super) name: String,
    /// `INSERT`, `UPDATE`, `DELETE` or `TRUNCATE`.
    pub(super) event: &'static str,
    pub(super) each_row: bool,
    pub(super) old_table: Option<&'static str>,
    pub(super) new_table: Option<&'static str>,
}

const OLD_TABLE: &str = "tidewater_old";
const NEW_TABLE: &str = "tidewater_new";

impl Design {
    /// What logs `table` into the log's tables in `schema`.
    pub(super) fn new(tracking: &Tracking, table: Table, schema: &str) -> Self {
        let by_statement = tracking.form == TriggerForm::Statement;
        let trigger = |event: &'static str, old: bool, new: bool| Trigger {
            name: format!("tidewater_{}_{}", tracking.table, event.to_ascii_lowercase()),
            event,
            each_row: !by_statement && event != "TRUNCATE",
            old_table: (old && by_statement).then_some(OLD_TABLE),
            new_table: (new && by_statement).then_some(NEW_TABLE),
        };
        let triggers = vec![
            trigger("INSERT", false, true),
            trigger("UPDATE", true, true),
            trigger("DELETE", true, false),
            trigger("TRUNCATE", false, false),
        ];
        let source = Source::new(tracking, &table, schema).text(tracking.form);
        Self { table, function: format!("{FUNCTION_PREFIX}{}", tracking.table), source, triggers }
    }
}

impl Trigger {
    /// The trigger's `tgtype` in the catalog.
    pub(super) fn bits(&self) -> i16 {
        let event = match self.event {
            "INSERT" => 4,
            "DELETE" => 8,
            "UPDATE" => 16,
            _ => 32,
        };
        event | i16::from(self.each_row)
    }
}

/// The parts that a function's text is put together from.
struct Source {
    change: String,
    table: String,
    columns: String,
    shape_query: String,
    shape: String,
    key: Vec<String>,
    values: Vec<String>,
    all: Vec<LiveColumn>,
}

impl Source {
    fn new(tracking: &Tracking, table: &Table, schema: &str) -> Self {
        Self {
            change: format!("{}.tidewater_change", identifier(schema)),
            table: literal(tracking.table),
            columns: literal(&columns_text(tracking)),
            shape_query: shape_query(&table.schema, &table.name),
            shape: table.shape.clone(),
            key: tracking.key.iter().map(|column| column.name.to_owned()).collect(),
            values: tracking.columns().map(|column| column.name.to_owned()).collect(),
            all: table.columns.clone(),
        }
    }

    fn text(&self, form: TriggerForm) -> String {
        let (variables, before, events) = match form {
            TriggerForm::Statement => ("  bulk boolean;\n", self.before_statement(), self.statement_events()),
            TriggerForm::Row => ("", format!("  shape := ({});\n", self.shape_query), self.row_events()),
        };
        let (shape, whole) = (literal(&self.shape), self.log_whole_table());
        // Columns added since are at the end.
        let grown = literal(&format!("{},", self.shape.trim_end_matches('}')));
        format!(
            "
#variable_conflict use_variable
DECLARE
  shape text;
{variables}BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    {whole}
    RETURN NULL;
  END IF;
{before}  IF shape <> {shape} AND NOT starts_with(shape, {grown}) THEN
    {whole}
    RETURN NULL;
  END IF;
{events}  RETURN NULL;
END
"
        )
    }

    /// What is known of a statement before its rows are looked at, in one query: each one costs as much as a short row.
    fn before_statement(&self) -> String {
        let Self { shape_query, .. } = self;
        let known = |rows: &str| {
            format!("SELECT ({shape_query}), EXISTS (SELECT FROM {rows} OFFSET {BULK_ROWS}) INTO shape, bulk;")
        };
        let (removed, written) = (known(OLD_TABLE), known(NEW_TABLE));
        format!("  IF TG_OP = 'DELETE' THEN\n    {removed}\n  ELSE\n    {written}\n  END IF;\n")
    }

    fn statement_events(&self) -> String {
        let (insert, update, delete) =
            (self.log_rows(Some(NEW_TABLE), None), self.log_update(), self.log_rows(None, Some(OLD_TABLE)));
        let (differing, whole) = (self.differing(), self.log_whole_table());
        // The number of rows is cheap to know, the number of rows that differ is not.
        format!(
            "  IF bulk AND TG_OP = 'UPDATE' THEN
    bulk := EXISTS (SELECT FROM {differing} OFFSET {BULK_ROWS});
  END IF;
  IF bulk THEN
    {whole}
  ELSIF TG_OP = 'INSERT' THEN
    {insert}
  ELSIF TG_OP = 'DELETE' THEN
    {delete}
  ELSE
    {update}
  END IF;
"
        )
    }

    fn row_events(&self) -> String {
        let Self { change, table, columns, .. } = self;
        let (old, new, changed) = (array("OLD", &self.values), array("NEW", &self.values), self.changed("OLD", "NEW"));
        let same_key = format!("record_image_eq({}, {})", record("OLD", &self.key), record("NEW", &self.key));
        format!(
            "  IF TG_OP = 'UPDATE' THEN
    IF record_image_eq(OLD, NEW) THEN
      RETURN NULL;
    END IF;
    IF {same_key} THEN
      INSERT INTO {change} (table_name, columns, operation, old_values, new_values, changed)
      VALUES ({table}, {columns}, 'U', {old}, {new}, {changed});
      RETURN NULL;
    END IF;
  END IF;
  IF TG_OP <> 'INSERT' THEN
    INSERT INTO {change} (table_name, columns, operation, old_values) VALUES ({table}, {columns}, 'D', {old});
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO {change} (table_name, columns, operation, new_values) VALUES ({table}, {columns}, 'I', {new});
  END IF;
"
        )
    }

    fn log_whole_table(&self) -> String {
        format!("INSERT INTO {} (table_name, operation) VALUES ({}, 'T');", self.change, self.table)
    }

    fn log_rows(&self, new: Option<&str>, old: Option<&str>) -> String {
        let Self { change, table, columns, .. } = self;
        let (column, operation) = if new.is_some() { ("new_values", 'I') } else { ("old_values", 'D') };
        let (rows, values) = (new.or(old).unwrap_or_default(), array("r", &self.values));
        format!(
            "INSERT INTO {change} (table_name, columns, operation, {column})
      SELECT {table}, {columns}, '{operation}', {values} FROM {rows} AS r;"
        )
    }

    fn log_update(&self) -> String {
        let Self { change, table, columns, .. } = self;
        let (came, went) = (self.absent("o"), self.absent("n"));
        let (old, new, changed) = (array("o", &self.values), array("n", &self.values), self.changed("o", "n"));
        format!(
            "INSERT INTO {change} (table_name, columns, operation, old_values, new_values, changed)
      SELECT {table}, {columns}, (CASE WHEN {came} THEN 'I' WHEN {went} THEN 'D' ELSE 'U' END)::\"char\",
        CASE WHEN NOT {came} THEN {old} END, CASE WHEN NOT {went} THEN {new} END,
        CASE WHEN NOT {came} AND NOT {went} THEN {changed} END
      FROM {};",
            self.differing()
        )
    }

    /// Every row of an update that came, went, or differs; compared by image, since equal values may look different
    /// (`1.0` and `1.00`) and some types have no equality.
    fn differing(&self) -> String {
        let same = |column: &String| format!("n.{0} = o.{0}", identifier(column));
        let same_key = self.key.iter().map(same).collect::<Vec<_>>().join(" AND ");
        let (came, went) = (self.absent("o"), self.absent("n"));
        format!(
            "{OLD_TABLE} AS o FULL JOIN {NEW_TABLE} AS n ON {same_key} WHERE {came} OR {went} OR record_image_ne(o.*, n.*)"
        )
    }

    /// Whether the outer join found no row; a key column is never null.
    fn absent(&self, alias: &str) -> String {
        let key = self.key.first().map(|column| identifier(column)).unwrap_or_default();
        format!("{alias}.{key} IS NULL")
    }

    /// The names of the columns that differ; null where the table has columns, or types of columns, that this text does not know.
    fn changed(&self, old: &str, new: &str) -> String {
        let (mut names, mut types, mut known) = (String::new(), String::new(), String::new());
        for (index, LiveColumn { name, equality }) in self.all.iter().enumerate() {
            let (quoted, separator) = (identifier(name), if index == 0 { "" } else { ", " });
            let differs = match equality {
                Equality::Value(_) => format!("{old}.{quoted} IS DISTINCT FROM {new}.{quoted}"),
                Equality::Text(_) => {
                    format!("{old}.{quoted} COLLATE \"C\" IS DISTINCT FROM {new}.{quoted} COLLATE \"C\"")
                }
                Equality::Image => format!("record_image_ne(ROW({old}.{quoted}), ROW({new}.{quoted}))"),
            };
            // Writing to a String cannot fail.
            let _ = write!(names, "{separator}CASE WHEN {differs} THEN {} END", literal(name));
            if let Equality::Value(type_oid) | Equality::Text(type_oid) = equality {
                let separator = if types.is_empty() { "" } else { ", " };
                let _ = write!(types, "{separator}pg_typeof({new}.{quoted})::oid");
                let _ = write!(known, "{separator}{type_oid}");
            }
        }
        let shape = literal(&self.shape);
        format!(
            "CASE WHEN shape = {shape} AND ARRAY[{types}]::oid[] = ARRAY[{known}]::oid[] THEN array_remove(ARRAY[{names}], NULL) END"
        )
    }
}

fn array(alias: &str, columns: &[String]) -> String {
    let text = |column: &String| format!("{alias}.{}::text", identifier(column));
    format!("ARRAY[{}]", columns.iter().map(text).collect::<Vec<_>>().join(", "))
}

fn record(alias: &str, columns: &[String]) -> String {
    let field = |column: &String| format!("{alias}.{}", identifier(column));
    format!("ROW({})", columns.iter().map(field).collect::<Vec<_>>().join(", "))
}
