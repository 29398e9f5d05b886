//! The items of lists, as they were answered before.
//!
//! async-graphql knows no JSON that is already written. What was written before stands in a response as [`Value::Binary`], which nothing
//! else here answers, until [`json`](crate::json) writes the whole.

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{
    ContextSelectionSet, OutputType, Pos, Positioned, QueryPathNode, QueryPathSegment, ServerResult, Value,
};
use bytes::Bytes;
use parking_lot::Mutex;
use tidewater_cache::{Derived, Recorded, Request};
use tidewater_entity::Tracked;
use uuid::Uuid;

use crate::Error;
use crate::connection::Listed;
use crate::document::Selections;
use crate::json;
use crate::scope::{Scope, Viewer};

/// What the lists of one request are answered by: what was answered before for the same item, selection and viewer.
pub(crate) struct Parts {
    kept: Derived<Bytes>,
    selections: Arc<Selections>,
    viewer: Option<Viewer>,
    resolved: Mutex<Vec<Resolved>>,
}

/// An item that was resolved at one go.
struct Resolved {
    key: Vec<u8>,
    recorded: Recorded,
    /// Where it is in the response.
    path: Vec<Step>,
}

enum Step {
    Index(usize),
    Field(Box<str>),
}

/// An item of a list. What is selected of it is answered as it was before, while nothing has changed that this rests on: when one item of
/// a list changes, the others need not be resolved again.
pub(crate) enum Part<T> {
    /// It was written before.
    Written(Bytes),
    /// It shows the row with this primary key.
    Row {
        /// The object.
        node: T,
        /// The key.
        row: Uuid,
        /// What it was looked for under among what was written before, and so is kept under.
        key: Option<Vec<u8>>,
    },
}

impl Parts {
    /// For a request of `viewer`, whose document has these selections.
    pub(crate) fn new(kept: Derived<Bytes>, selections: Arc<Selections>, viewer: Option<Viewer>) -> Self {
        Self { kept, selections, viewer, resolved: Mutex::default() }
    }

    /// Keeps what was resolved for `request`, as it is in the completed data of a response without errors.
    pub(crate) fn keep(&self, request: &Request, data: &Value) {
        for Resolved { key, recorded, path } in self.resolved.lock().drain(..) {
            let found = path.iter().try_fold(data, |value, step| match (value, step) {
                (Value::List(items), Step::Index(index)) => items.get(*index),
                (Value::Object(fields), Step::Field(name)) => fields.get(&**name),
                _ => None,
            });
            if let Some(value @ Value::Object(_)) = found {
                let mut written = Vec::new();
                json::write(value, &mut written);
                let bytes = written.len();
                self.kept.keep_part(request, &key, written.into(), bytes, &recorded);
            }
        }
    }

    /// What stands for what the viewer is answered to the selection at `place` of the row `key` of `table`.
    fn key(&self, place: Pos, table: &str, key: Uuid) -> Option<Vec<u8>> {
        let mut bytes = Vec::with_capacity(128);
        bytes.extend(self.selections.name(place)?);
        bytes.extend(key.as_bytes());
        bytes.push(self.viewer.map_or(0, |viewer| 1 + u8::from(viewer.is_admin())));
        if let Some(viewer) = self.viewer {
            bytes.extend(viewer.user.as_bytes());
            bytes.extend(viewer.session.as_bytes());
        }
        bytes.extend(table.as_bytes());
        Some(bytes)
    }
}

impl<T: Listed> Part<T> {
    /// The item of a list that shows the row with the primary key `row`. `place` is that of what is selected of it, if that is known. None if
    /// there is no such row that the caller may see.
    ///
    /// # Errors
    /// As [`Reader::item`](crate::Reader::item).
    pub(crate) async fn read(scope: &Scope, place: Option<Pos>, row: Uuid) -> Result<Option<Self>, Error> {
        let sought = scope.parts.as_deref().zip(place);
        let table = <T::Entity as Tracked>::TRACKING.table;
        let sought = sought.and_then(|(parts, place)| Some((parts, parts.key(place, table, row)?)));
        let request = scope.reader.request();
        // Who may see it is among what it rests on, so its row need not be read.
        if let Some(written) = sought.as_ref().and_then(|(parts, key)| parts.kept.get_part(request, key)) {
            return Ok(Some(Self::Written((*written).clone())));
        }
        let key = sought.map(|(_, key)| key);
        let item = scope.reader.item::<T::Entity>(row).await?.filter(|row| T::is_visible(scope, row));
        Ok(item.map(|item| Self::Row { node: T::from(item), row, key }))
    }
}

/// Resolves what is selected of the row `row`, and notes it, if it can be kept under `key`. None if the row is gone.
async fn resolve_anew<T: Listed>(
    scope: &Scope,
    parts: &Parts,
    row: Uuid,
    key: Vec<u8>,
    context: &ContextSelectionSet<'_>,
    field: &Positioned<Field>,
) -> Option<ServerResult<Value>> {
    let resolve = async {
        // Read again: what is kept must not rest on what was read before.
        let item = scope.reader.item::<T::Entity>(row).await.ok()??;
        if !T::is_visible(scope, &item) {
            return None;
        }
        Some(T::from(item).resolve(context, field).await)
    };
    let (resolved, recorded) = scope.reader.request().at_one_go(resolve).await;
    if let (Some(recorded), Some(Ok(_))) = (recorded, &resolved) {
        let path = context.path_node.as_ref().map(path).unwrap_or_default();
        parts.resolved.lock().push(Resolved { key, recorded, path });
    }
    resolved
}

impl<T: Listed> OutputType for Part<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn qualified_type_name() -> String {
        T::qualified_type_name()
    }

    fn introspection_type_name(&self) -> Cow<'static, str> {
        match self {
            Self::Written(_) => T::type_name(),
            Self::Row { node, .. } => node.introspection_type_name(),
        }
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, context: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let (node, row, key) = match self {
            Self::Written(written) => return Ok(Value::Binary(written.clone())),
            Self::Row { node, row, key } => (node, *row, key),
        };
        let scope = context.data_opt::<Scope>().filter(|scope| scope.reader.is_answered_by_memory());
        let kept = scope.and_then(|scope| Some((scope, scope.parts.as_deref()?, key.clone()?)));
        // What follows is boxed, so that what is written already need not carry its state.
        if let Some((scope, parts, key)) = kept
            && let Some(answer) = Box::pin(resolve_anew::<T>(scope, parts, row, key, context, field)).await
        {
            return answer;
        }
        Box::pin(node.resolve(context, field)).await
    }
}

fn path(node: &QueryPathNode<'_>) -> Vec<Step> {
    let step = |node: &QueryPathNode<'_>| match node.segment {
        QueryPathSegment::Index(index) => Step::Index(index),
        QueryPathSegment::Name(name) => Step::Field(name.into()),
    };
    let mut path: Vec<_> = std::iter::once(node).chain(node.parents()).map(step).collect();
    path.reverse();
    path
}
