/// What of one table the change log records, declared as data beside the entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tracking {
    /// Name of the table.
    pub table: &'static str,
    /// The columns of the primary key, in key order. At least one.
    pub key: &'static [Column],
    /// Further columns whose old and new values are recorded: foreign keys, unique keys, whatever sets of rows are read by.
    /// A set of rows can be depended on precisely only by a column that is listed here or in `key`.
    pub values: &'static [Column],
    /// Which triggers are installed on PostgreSQL; SQLite has row triggers only.
    pub form: TriggerForm,
}

impl Tracking {
    /// A statement-level tracking of `table`.
    pub const fn new(table: &'static str, key: &'static [Column], values: &'static [Column]) -> Self {
        Self { table, key, values, form: TriggerForm::Statement }
    }

    /// The key columns, then the other tracked columns: the order of [`crate::RowChange::old`] and `new`.
    pub fn columns(&self) -> impl Iterator<Item = &Column> {
        self.key.iter().chain(self.values)
    }
}

/// A tracked column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Name of the column.
    pub name: &'static str,
    /// How its values are written and read back.
    pub kind: Kind,
}

impl Column {
    /// A column of `kind`.
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind }
    }
}

/// The type of a tracked column's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// [`crate::Value::Boolean`].
    Boolean,
    /// [`crate::Value::Integer`].
    Integer,
    /// [`crate::Value::Text`].
    Text,
    /// [`crate::Value::Uuid`].
    Uuid,
}

/// The granularity of a table's triggers on PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TriggerForm {
    /// One trigger call a statement, with transition tables: a bulk statement costs one insert-select. The default.
    Statement,
    /// One trigger call a row. Needed where statement triggers do not fire: tables written by a logical-replication
    /// subscription, partitioned tables, partitions, and tables that inherit or are inherited from. Logs every row singly.
    Row,
}
