use std::sync::Arc;

/// How many there are of something that begins and ends.
#[derive(Debug, Default)]
pub(crate) struct Open(Arc<()>);

/// One of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct One(#[expect(dead_code, reason = "counted by being held")] Arc<()>);

/// What clients keep open at a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenStatistics {
    /// Subscriptions.
    pub subscriptions: usize,
    /// Live queries.
    pub live_queries: usize,
    /// Sessions that are watched, so that what is told in them ends with them: one for each WebSocket or event stream that has one.
    pub sessions: usize,
}

impl Open {
    /// One more.
    pub(crate) fn one(&self) -> One {
        One(Arc::clone(&self.0))
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }
}
