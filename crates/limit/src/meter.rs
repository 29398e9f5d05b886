use std::time::Duration;

use crate::cell::Cell;
use crate::clock::Clock;
use crate::error::seconds;
use crate::gcra::Gcra;
use crate::lease::Lease;
use crate::shared::BATCHES;
use crate::{Exceeded, Quota, Subject};

/// What is counted of each viewer and address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    Requests,
    Cost,
}

/// A quota of each viewer and address, by its name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) policy: &'static str,
    pub(crate) quota: Quota,
    pub(crate) gcra: Gcra,
    /// How much a server leases of it at once.
    pub(crate) batch: u64,
}

/// What is known of one viewer or address.
#[derive(Debug)]
pub(crate) struct Meter {
    pub(crate) subject: Subject,
    pub(crate) requests: Count,
    pub(crate) cost: Count,
}

/// How much of one quota was taken.
#[derive(Debug, Default)]
pub(crate) struct Count {
    /// By this server, or as far as it knows, by all.
    pub(crate) cell: Cell,
    pub(crate) lease: Lease,
}

/// Where somebody stands with a limit of which they have used more than half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What the limit is called.
    pub policy: &'static str,
    /// The limit.
    pub quota: Quota,
    /// How many units are left.
    pub left: u64,
    /// How long it takes until all units are back, if nothing else is asked for meanwhile.
    pub whole_after: Duration,
}

impl Standing {
    /// The time until all units are back in whole seconds, rounded up.
    pub fn whole_after_seconds(&self) -> u64 {
        seconds(self.whole_after)
    }
}

impl Limit {
    pub(crate) fn new(policy: &'static str, quota: Quota) -> Self {
        Self { policy, quota, gcra: Gcra::new(quota), batch: (quota.units() / BATCHES).max(1) }
    }

    pub(crate) fn exceeded(&self, retry_after: Duration) -> Exceeded {
        Exceeded { policy: self.policy, quota: self.quota, retry_after }
    }

    /// Where a count stands, if more than half is taken.
    pub(crate) fn standing(&self, count: &Count, clock: &Clock) -> Option<Standing> {
        let (whole_at, now) = (count.cell.whole_at(), clock.now());
        if !self.gcra.is_low(whole_at, now) {
            return None;
        }
        let left = (self.gcra.left(whole_at, now) + count.lease.balance()).min(self.quota.units());
        let whole_after = Duration::from_nanos(whole_at.saturating_sub(now));
        Some(Standing { policy: self.policy, quota: self.quota, left, whole_after })
    }
}

impl Meter {
    pub(crate) fn new(subject: Subject) -> Self {
        Self { subject, requests: Count::default(), cost: Count::default() }
    }

    pub(crate) fn count(&self, resource: Resource) -> &Count {
        match resource {
            Resource::Requests => &self.requests,
            Resource::Cost => &self.cost,
        }
    }

    /// Who is least missed if forgotten has the least.
    pub(crate) fn rank(&self) -> u64 {
        self.requests.cell.whole_at().max(self.cost.cell.whole_at())
    }
}
