use chrono::{DateTime, Utc};
use sea_orm::sea_query::{ColumnType, Value};
use sea_orm::{DbErr, QueryResult};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A value that rows are read, filtered or ordered by.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Scalar {
    /// No value.
    Null,
    /// A boolean.
    Boolean(bool),
    /// An integer of any width.
    Integer(i64),
    /// A text.
    Text(String),
    /// A point in time, to the microsecond.
    Time(DateTime<Utc>),
    /// A UUID.
    Uuid(Uuid),
}

/// The type of a column's scalars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum ScalarKind {
    /// [`Scalar::Boolean`].
    Boolean,
    /// [`Scalar::Integer`], stored in 16 bits.
    Small,
    /// [`Scalar::Integer`], stored in 32 bits.
    Integer,
    /// [`Scalar::Integer`], stored in 64 bits.
    Big,
    /// [`Scalar::Text`].
    Text,
    /// [`Scalar::Time`].
    Time,
    /// [`Scalar::Uuid`].
    Uuid,
}

impl ScalarKind {
    /// The kind of a column of this type; text for what is none of the others.
    pub fn of(column_type: &ColumnType) -> Self {
        match column_type {
            ColumnType::Boolean => Self::Boolean,
            ColumnType::SmallInteger | ColumnType::TinyInteger => Self::Small,
            ColumnType::Integer => Self::Integer,
            ColumnType::BigInteger => Self::Big,
            ColumnType::TimestampWithTimeZone | ColumnType::Timestamp | ColumnType::DateTime => Self::Time,
            ColumnType::Uuid => Self::Uuid,
            _ => Self::Text,
        }
    }

    /// Whether `scalar` can stand in a column of this kind. A text with U+0000 cannot: PostgreSQL refuses it.
    pub fn admits(self, scalar: &Scalar) -> bool {
        match scalar {
            Scalar::Null => true,
            Scalar::Boolean(_) => self == Self::Boolean,
            Scalar::Integer(_) => matches!(self, Self::Small | Self::Integer | Self::Big),
            Scalar::Text(text) => self == Self::Text && !text.contains('\0'),
            Scalar::Time(_) => self == Self::Time,
            Scalar::Uuid(_) => self == Self::Uuid,
        }
    }

    pub(super) fn read(self, row: &QueryResult, column: &str) -> Result<Scalar, DbErr> {
        let scalar = match self {
            Self::Boolean => row.try_get::<Option<bool>>("", column)?.map(Scalar::Boolean),
            Self::Small => row.try_get::<Option<i16>>("", column)?.map(|number| Scalar::Integer(number.into())),
            Self::Integer => row.try_get::<Option<i32>>("", column)?.map(|number| Scalar::Integer(number.into())),
            Self::Big => row.try_get::<Option<i64>>("", column)?.map(Scalar::Integer),
            Self::Text => row.try_get::<Option<String>>("", column)?.map(Scalar::Text),
            Self::Time => row.try_get::<Option<DateTime<Utc>>>("", column)?.map(Scalar::Time),
            Self::Uuid => row.try_get::<Option<Uuid>>("", column)?.map(Scalar::Uuid),
        };
        Ok(scalar.unwrap_or(Scalar::Null))
    }
}

impl From<&Scalar> for Value {
    fn from(scalar: &Scalar) -> Self {
        match scalar {
            Scalar::Null => Self::String(None),
            Scalar::Boolean(value) => (*value).into(),
            Scalar::Integer(value) => (*value).into(),
            Scalar::Text(value) => value.as_str().into(),
            Scalar::Time(value) => (*value).into(),
            Scalar::Uuid(value) => (*value).into(),
        }
    }
}

impl From<Uuid> for Scalar {
    fn from(value: Uuid) -> Self {
        Self::Uuid(value)
    }
}

impl From<bool> for Scalar {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<i64> for Scalar {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<&str> for Scalar {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Scalar {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<DateTime<Utc>> for Scalar {
    fn from(value: DateTime<Utc>) -> Self {
        Self::Time(value)
    }
}
