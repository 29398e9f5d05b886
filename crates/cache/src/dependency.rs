use smallvec::{SmallVec, smallvec};
use tidewater_changelog::Value;

use crate::hash::{Aspect, Scope, bulk};

/// Something in the database that a value was computed from. A value that is absent or empty depends on where it was
/// looked for like any other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    bulk: u64,
    scope: Scope,
    aspects: SmallVec<[u64; 2]>,
}

impl Dependency {
    /// On the row of `table` with this primary key, in key order: that it exists, and all its columns.
    pub fn row(table: &str, key: &[Value]) -> Self {
        Self::any(table, Scope::row(table, key))
    }

    /// On the rows of `table` whose `column`, which must be tracked, has this value: which they are, and all their columns.
    pub fn set(table: &str, column: &str, value: &Value) -> Self {
        Self::any(table, Scope::set(table, column, value))
    }

    /// On all rows of `table`: which they are, and all their columns.
    pub fn table(table: &str) -> Self {
        Self::any(table, Scope::table(table))
    }

    /// Narrows to less than any change: with `membership`, to rows that appear in or disappear from what is described; and to
    /// changes of `columns` in rows that stay. Without `membership`, rows that disappear are of no interest, but a row that
    /// appears still counts as a change of `columns`, since it may have been there before with other values.
    #[must_use]
    pub fn narrowed(mut self, membership: bool, columns: &[&str]) -> Self {
        self.aspects.clear();
        if membership {
            self.aspects.push(self.scope.key(Aspect::Membership));
        }
        if !columns.is_empty() {
            self.aspects.push(self.scope.key(Aspect::UnknownColumns));
            self.aspects.extend(columns.iter().map(|column| self.scope.key(Aspect::Column(column))));
        }
        self
    }

    /// The keys of the tide table, one of which is bumped by every change that matters to this dependency.
    pub(crate) fn hashes(&self) -> impl Iterator<Item = u64> {
        std::iter::once(self.bulk).chain(self.aspects.iter().copied())
    }

    fn any(table: &str, scope: Scope) -> Self {
        Self { bulk: bulk(table), scope, aspects: smallvec![scope.key(Aspect::Any)] }
    }
}
