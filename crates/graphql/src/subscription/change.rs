use std::borrow::Cow;
use std::marker::PhantomData;

use async_graphql::{Context, Enum, ID, Object, TypeName};
use tidewater_changelog as changelog;
use tidewater_changelog::{RowChange, Tracking, Value};
use tidewater_entity::Tracked;
use uuid::Uuid;

use crate::connection::Listed;
use crate::{Error, Scope, id};

/// What became of an object, for whoever is told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum ChangeKind {
    /// It came to be, or the viewer may see it from now on.
    Created,
    /// It changed.
    Updated,
    /// It is gone, or the viewer may not see it any more.
    Deleted,
}

/// An object of which clients can be told when it changes.
pub(crate) trait Followed: Listed {
    /// What its ids begin with.
    const PREFIX: &'static str;

    /// Whether the caller may see a row of which the change log tells this. The same rule as [`Listed::is_visible`]; so what decides is
    /// tracked.
    fn is_shown(scope: &Scope, row: &Record<'_>) -> bool;
}

/// What the change log tells of a row.
pub(crate) struct Record<'a> {
    tracking: &'a Tracking,
    values: &'a [Value],
}

/// A change of a `T` that the viewer may know of.
pub(crate) struct Change<T> {
    kind: ChangeKind,
    key: Uuid,
    of: PhantomData<fn() -> T>,
}

impl Record<'_> {
    /// The value of a tracked column.
    pub(crate) fn uuid(&self, column: &str) -> Option<Uuid> {
        match self.value(column) {
            Some(Value::Uuid(value)) => Some(*value),
            _ => None,
        }
    }

    /// The value of a tracked column.
    pub(crate) fn text(&self, column: &str) -> Option<&str> {
        match self.value(column) {
            Some(Value::Text(value)) => Some(value),
            _ => None,
        }
    }

    fn value(&self, column: &str) -> Option<&Value> {
        self.tracking.columns().zip(self.values).find(|(tracked, _)| tracked.name == column).map(|(_, value)| value)
    }
}

impl<T: Followed> Change<T> {
    /// The primary key.
    pub(super) fn key(&self) -> Uuid {
        self.key
    }

    /// What `change` is to the caller, if it is of a `T`, of the one with the key `only` if there is one, and if the caller may know.
    ///
    /// # Errors
    /// `INTERRUPTED` when it is not known which rows changed.
    pub(super) fn seen(scope: &Scope, only: Option<Uuid>, change: &changelog::Change) -> Result<Option<Self>, Error> {
        let tracking = &T::Entity::TRACKING;
        let row = match change {
            changelog::Change::Table { table } if **table == *tracking.table => return Err(Error::Interrupted),
            changelog::Change::Row(row) if *row.table == *tracking.table => row,
            _ => return Ok(None),
        };
        let RowChange { old, new, .. } = row;
        let key = match new.first().or(old.first()) {
            Some(Value::Uuid(key)) if only.is_none_or(|only| only == *key) => *key,
            _ => return Ok(None),
        };
        let is_shown = |values: &[Value]| !values.is_empty() && T::is_shown(scope, &Record { tracking, values });
        // What the viewer may not see is to them like what does not exist.
        let kind = match (is_shown(old), is_shown(new)) {
            (false, true) => ChangeKind::Created,
            (true, true) => ChangeKind::Updated,
            (true, false) => ChangeKind::Deleted,
            (false, false) => return Ok(None),
        };
        Ok(Some(Self { kind, key, of: PhantomData }))
    }
}

/// Something changed.
#[Object(name_type)]
impl<T: Followed> Change<T> {
    /// What became of it.
    async fn kind(&self) -> ChangeKind {
        self.kind
    }

    /// The id of what changed.
    // Not `id`: clients that keep objects by their ids would take the change for the object.
    async fn node_id(&self) -> ID {
        id::encode(T::PREFIX, self.key)
    }

    /// It, as it is now, which may be later than this change; null if it is gone or the viewer may not see it any more.
    async fn node(&self, context: &Context<'_>) -> Result<Option<T>, Error> {
        match self.kind {
            ChangeKind::Deleted => Ok(None),
            ChangeKind::Created | ChangeKind::Updated => T::visible(context, self.key).await,
        }
    }
}

impl<T: Listed> TypeName for Change<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Change", T::NAME).into()
    }
}
