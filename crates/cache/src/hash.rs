//! The stable 64-bit keys under which changes are noted and looked up. They are part of what Redis holds, so every change of
//! this file needs another format byte there. A collision costs a miss, never a wrong answer.

use tidewater_changelog::Value;
use xxhash_rust::xxh3::xxh3_64_with_seed as mix;

/// Some rows of one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scope(u64);

/// What about the rows of a scope.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Aspect<'a> {
    /// Anything.
    Any,
    /// Which rows they are.
    Membership,
    /// One column of those that stay.
    Column(&'a str),
    /// Columns of those that stay, with no telling which.
    UnknownColumns,
}

/// The key of changes that may concern every row of a table.
pub(crate) fn bulk(table: &str) -> u64 {
    mix(b"bulk", name(table))
}

impl Scope {
    pub(crate) fn table(table: &str) -> Self {
        Self(mix(b"table", name(table)))
    }

    pub(crate) fn row(table: &str, key: &[Value]) -> Self {
        Self(key.iter().fold(mix(b"row", name(table)), |hash, part| value(part, hash)))
    }

    pub(crate) fn set(table: &str, column: &str, of: &Value) -> Self {
        Self(value(of, mix(column.as_bytes(), mix(b"set", name(table)))))
    }

    pub(crate) fn key(self, aspect: Aspect<'_>) -> u64 {
        match aspect {
            Aspect::Any => mix(b"any", self.0),
            Aspect::Membership => mix(b"membership", self.0),
            Aspect::Column(column) => mix(column.as_bytes(), mix(b"column", self.0)),
            Aspect::UnknownColumns => mix(b"unknown columns", self.0),
        }
    }
}

fn name(table: &str) -> u64 {
    mix(table.as_bytes(), 0)
}

fn value(value: &Value, seed: u64) -> u64 {
    match value {
        Value::Null => mix(b"null", seed),
        Value::Boolean(value) => mix(&[u8::from(*value)], seed),
        Value::Integer(value) => mix(&value.to_le_bytes(), seed),
        Value::Text(value) => mix(value.as_bytes(), mix(b"text", seed)),
        Value::Uuid(value) => mix(value.as_bytes(), seed),
    }
}
