//! What is asked of a server, in files of their own, so that a server which executes trusted documents only can be given them.

/// What the caches do and know. Apart from the jobs, because these fail alone.
pub(crate) const TIDE: &str = include_str!("documents/tide.graphql");

/// How many operations are asked for there.
pub(crate) const OPERATIONS: usize = 50;

/// The background jobs.
pub(crate) const JOBS: &str = include_str!("documents/jobs.graphql");

/// The changes that were seen last.
pub(crate) const CHANGES: &str = include_str!("documents/changes.graphql");

/// Each change from now on.
pub(crate) const CHANGED: &str = include_str!("documents/changed.graphql");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_operations_are_asked_for_as_is_said() {
        assert!(TIDE.contains(&format!("operations(first: {OPERATIONS})")));
    }
}
