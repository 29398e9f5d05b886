use std::time::Duration;

use crate::Job;

/// A job that is done regularly, whatever the rows say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chore {
    /// What tells it from others.
    pub name: &'static str,
    /// How often it is done. More often, or by several nodes at once, does no harm.
    pub every: Duration,
    /// What is done.
    pub job: Job,
}

/// All that is done regularly.
pub fn chores() -> Vec<Chore> {
    vec![Chore { name: "prune-exports", every: Duration::from_secs(60), job: Job::PruneExports }]
}
