use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The value of a tracked column, in a form that is equal whenever the database calls the values equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Value {
    /// SQL `NULL`.
    Null,
    /// A boolean; SQLite stores it as 0 or 1.
    Boolean(bool),
    /// Any integer type.
    Integer(i64),
    /// Any text type.
    Text(String),
    /// A UUID: `uuid` on PostgreSQL, a blob of 16 bytes on SQLite.
    Uuid(Uuid),
}

impl From<Uuid> for Value {
    fn from(value: Uuid) -> Self {
        Self::Uuid(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}
