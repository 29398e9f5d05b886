//! Clients that write. Each writes to keys of its own, one version after the other.

mod graphql;
mod sql;

pub(crate) use graphql::GraphqlWriter;
pub(crate) use sql::SqlWriter;

use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;

use crate::context::Context;
use crate::history::Outcome;
use crate::plan::{Account, Key};
use crate::state::Row;

/// How long a writer waits that was refused.
const BREATH: Duration = Duration::from_millis(50);

/// Versions that come into force together, or not at all.
#[derive(Default)]
pub(crate) struct Batch {
    versions: Vec<(Arc<Key>, u32, &'static str)>,
}

impl Batch {
    /// A version that the next commit will bring into force; `kind` is what reports call the write.
    pub(crate) fn add(&mut self, key: &Arc<Key>, row: Option<Row>, kind: &'static str) -> u32 {
        let number = key.history().add(row);
        self.versions.push((key.clone(), number, kind));
        number
    }

    /// The commit is about to be sent.
    pub(crate) fn begin_commit(&self, context: &Context) {
        let now = context.clock.now();
        for (key, number, _) in &self.versions {
            key.history().begin_commit(*number, now);
        }
    }

    /// How it ended.
    pub(crate) fn end(&self, context: &Context, outcome: Outcome) {
        let now = context.clock.now();
        for (key, number, kind) in &self.versions {
            let mut history = key.history();
            history.end(*number, outcome, now);
            history.prune(|| context.clock.horizon());
            drop(history);
            context.tally.write(kind, |written| match outcome {
                Outcome::Committed => written.committed += 1,
                Outcome::Unknown => written.unknown += 1,
                _ => written.rolled_back += 1,
            });
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.versions.is_empty()
    }

    /// Takes the versions of another batch over.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.versions.extend(other.versions);
    }
}

/// What the key holds now. Only for its writer.
fn current(key: &Key) -> Option<Row> {
    key.history().last_committed().row
}

/// Something that differs from `row`: another text, another flag, or both; another owner, too, if `owners` are given.
fn changed(context: &Context, random: &mut StdRng, row: &Row, owners: Option<&[Arc<Account>; 2]>) -> Row {
    let mut new = *row;
    match random.random_range(0..8) {
        0 => new.flag = !row.flag,
        1 => {
            new.flag = !row.flag;
            new.stamp = context.stamp();
        }
        2 | 3 if owners.is_some() => {
            let other = owners.into_iter().flatten().find(|account| account.number != row.owner);
            new.owner = other.map_or(row.owner, |account| account.number);
            if new.owner == row.owner || random.random() {
                new.stamp = context.stamp();
            }
        }
        _ => new.stamp = context.stamp(),
    }
    new
}
