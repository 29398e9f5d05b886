use std::collections::HashMap;
use std::time::Duration;

use tidewater_cache::Policy;

/// How long and how fresh what is kept of each entity is.
#[derive(Clone, Debug)]
pub struct Policies {
    /// For rows.
    pub items: Policy,
    /// For lists and counts.
    pub lists: Policy,
    /// What differs for an entity, by the name of its table.
    pub overrides: HashMap<String, Override>,
}

/// What differs from the policies for all. What is `None` does not.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Override {
    /// How long a row is kept.
    pub item_ttl: Option<Duration>,
    /// How long a list or a count is kept.
    pub list_ttl: Option<Duration>,
    /// How old an answer may be.
    pub max_staleness: Option<Duration>,
    /// How old an answer may be while the database cannot be asked.
    pub stale_if_error: Option<Duration>,
    /// Whether anything is kept.
    pub enabled: Option<bool>,
}

impl Default for Policies {
    fn default() -> Self {
        Self { items: Policy::item(), lists: Policy::list(), overrides: HashMap::new() }
    }
}

impl Policies {
    pub(super) fn item(&self, table: &str) -> Policy {
        let policy = self.of(table, self.items);
        let ttl = self.overrides.get(table).and_then(|differs| differs.item_ttl);
        Policy { ttl: ttl.unwrap_or(policy.ttl), ..policy }
    }

    pub(super) fn list(&self, table: &str) -> Policy {
        let policy = self.of(table, self.lists);
        let ttl = self.overrides.get(table).and_then(|differs| differs.list_ttl);
        Policy { ttl: ttl.unwrap_or(policy.ttl), ..policy }
    }

    fn of(&self, table: &str, policy: Policy) -> Policy {
        let differs = self.overrides.get(table).copied().unwrap_or_default();
        Policy {
            max_staleness: differs.max_staleness.unwrap_or(policy.max_staleness),
            stale_if_error: differs.stale_if_error.unwrap_or(policy.stale_if_error),
            enabled: differs.enabled.unwrap_or(policy.enabled),
            ..policy
        }
    }
}
