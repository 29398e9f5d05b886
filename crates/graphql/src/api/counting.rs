//! What is counted of all requests together, for whoever looks after the server.

use async_graphql::Response;

use super::Api;
use crate::error_counts::ErrorCounts;
use crate::open::{One, Open};
use crate::{OpenStatistics, OperationTotals};

/// What is counted beside what documents and caches count themselves.
#[derive(Debug, Default)]
pub(super) struct Counts {
    errors: ErrorCounts,
    subscriptions: Open,
    live_queries: Open,
    watched: Open,
}

impl Api {
    /// How long operations have taken, and how often they failed: all that have one answer and whose documents could be parsed, however
    /// they came. Those without a name of their own come last.
    pub fn operations(&self) -> Vec<OperationTotals> {
        self.0.documents.operations().totals()
    }

    /// How often each code was the code of an error in an answer that was executed.
    pub fn errors(&self) -> Vec<(&'static str, u64)> {
        self.0.counts.errors.read()
    }

    /// What clients keep open.
    pub fn open(&self) -> OpenStatistics {
        let Counts { subscriptions, live_queries, watched, .. } = &self.0.counts;
        OpenStatistics {
            subscriptions: subscriptions.count(),
            live_queries: live_queries.count(),
            sessions: watched.count(),
        }
    }

    pub(crate) fn count_errors(&self, response: &Response) {
        self.0.counts.errors.count(response);
    }

    /// Counts a subscription, or else a live query, until what is returned is dropped.
    pub(crate) fn opens(&self, is_subscription: bool) -> One {
        let Counts { subscriptions, live_queries, .. } = &self.0.counts;
        if is_subscription { subscriptions.one() } else { live_queries.one() }
    }

    /// Counts a session that is watched, until what is returned is dropped.
    pub(crate) fn watches(&self) -> One {
        self.0.counts.watched.one()
    }
}
