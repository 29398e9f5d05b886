use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, Enum, Object};
use chrono::{DateTime, Utc};
use tidewater_cache::{About, Applied, Part};
use tidewater_changelog::{Change, Operation, Origin, RowChange, Value};
use uuid::Uuid;

use super::object::{float, server_name};
use crate::explain::{Told, WriterKind, of_part};
use crate::store::Store;
use crate::{Error, scope};

/// A change of the database, by whoever made it, as a poll of the change log saw it.
#[derive(Clone)]
pub(crate) struct TideChange {
    applied: Arc<Applied>,
    index: usize,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum TideOperation {
    /// A row came to be.
    Insert,
    /// A row changed.
    Update,
    /// A row ceased to be.
    Delete,
    /// On SQLite, a row may have been replaced.
    Replace,
    /// Any row of the table may have changed.
    Table,
}

impl TideChange {
    pub(super) fn new(applied: Arc<Applied>, index: usize) -> Self {
        Self { applied, index }
    }

    /// The changes that were seen last, the latest first.
    pub(super) fn latest(store: &Store, most: usize) -> Vec<Self> {
        let mut latest = Vec::new();
        for applied in store.cache().recent_changes().into_iter().rev() {
            let indices = (0..applied.changes().len()).rev();
            latest.extend(indices.take(most - latest.len()).map(|index| Self::new(Arc::clone(&applied), index)));
            if latest.len() == most {
                break;
            }
        }
        latest
    }

    /// The last change of each of these rows, which are given by table and primary key, or of its whole table; none where none is
    /// remembered.
    pub(super) fn last_of(store: &Store, rows: &[(&'static str, Uuid)]) -> HashMap<(&'static str, Uuid), Self> {
        let recent = store.cache().recent_changes();
        let wanted: HashMap<(&str, Uuid), (&'static str, Uuid)> = rows.iter().map(|row| (*row, *row)).collect();
        let mut last = HashMap::new();
        for applied in &recent {
            for (index, change) in applied.changes().iter().enumerate() {
                let told = || Self::new(Arc::clone(applied), index);
                match change {
                    Change::Table { table } => {
                        let concerned = rows.iter().filter(|(of, _)| *of == &**table);
                        last.extend(concerned.map(|row| (*row, told())));
                    }
                    Change::Row(RowChange { table, old, new, .. }) => {
                        let key = if new.is_empty() { old.first() } else { new.first() };
                        let Some(Value::Uuid(key)) = key else { continue };
                        if let Some(row) = wanted.get(&(&**table, *key)) {
                            last.insert(*row, told());
                        }
                    }
                }
            }
        }
        last
    }

    fn change(&self) -> &Change {
        &self.applied.changes()[self.index]
    }

    fn origin(&self) -> Option<&Origin> {
        self.applied.origins().get(self.index)
    }
}

/// A change of the database, by whoever made it, as a poll of the change log saw it.
#[Object]
impl TideChange {
    /// The table.
    async fn table(&self) -> &str {
        let (Change::Table { table } | Change::Row(RowChange { table, .. })) = self.change();
        table
    }

    /// What was done.
    async fn operation(&self) -> TideOperation {
        match self.change() {
            Change::Table { .. } => TideOperation::Table,
            Change::Row(row) => match row.operation {
                Operation::Insert => TideOperation::Insert,
                Operation::Update => TideOperation::Update,
                Operation::Delete => TideOperation::Delete,
                Operation::Replace => TideOperation::Replace,
            },
        }
    }

    /// The row, as `todo(id=todo_01…)`; only the table if any row of it may have changed.
    async fn row(&self, context: &Context<'_>) -> Result<String, Error> {
        Ok(Told::of(scope(context)?.reader.store().all_tracking(), self.change()).row)
    }

    /// The columns that changed of a row that stayed; null where that does not apply or is not known.
    async fn columns(&self, context: &Context<'_>) -> Result<Option<Vec<String>>, Error> {
        Ok(Told::of(scope(context)?.reader.store().all_tracking(), self.change()).columns)
    }

    /// The sets of rows that it touches: what is kept and depends on them is not served any more, as far as it depends on what changed.
    async fn dependencies(&self, context: &Context<'_>) -> Result<Vec<String>, Error> {
        let scope = scope(context)?;
        let store = scope.reader.store();
        let parts = store.cache().parts(self.change());
        let whole = parts.iter().filter(|part: &&Part| part.about == About::Anything);
        let mut names: Vec<_> = whole.map(|part| of_part(store.all_tracking(), part)).collect();
        // The row is also the set of the rows with its key.
        names.dedup();
        Ok(names)
    }

    /// Who wrote it, as far as writers say so.
    async fn writer(&self, context: &Context<'_>) -> Result<WriterKind, Error> {
        let (name, scope) = (server_name(context)?, scope(context)?);
        let kind_of = |origin: &Origin| name.kind_of(origin, scope.reader.store().has_made(origin));
        Ok(self.origin().map_or(WriterKind::Unknown, kind_of))
    }

    /// What the writer's connection calls itself: `application_name` on PostgreSQL. Anybody can choose it.
    async fn writer_name(&self) -> Option<&str> {
        self.origin()?.writer.as_deref()
    }

    /// The number of the transaction, on PostgreSQL.
    async fn transaction(&self) -> Option<String> {
        self.origin()?.transaction.map(|number| number.to_string())
    }

    /// When the poll began that saw it. It was committed before that poll ended.
    async fn seen_at(&self) -> DateTime<Utc> {
        self.applied.seen_at().into()
    }

    /// The server's number of that poll. Each server counts its own polls, so it tells something only of changes with the same `server`.
    async fn position(&self) -> f64 {
        float(self.applied.position().get())
    }

    /// The server that saw it and tells of it, as `Tide.server`. Behind a load balancer, two answers can be of two servers; a
    /// subscription is of one as long as it lasts.
    async fn server(&self, context: &Context<'_>) -> Result<String, Error> {
        Ok(server_name(context)?.as_str().to_owned())
    }
}
