//! What is counted of an operation, and what logs and traces tell of it.

use std::sync::Arc;

use tidewater_cache::Provenance;
use tracing::{Span, field};

use super::Api;
use crate::document::OperationLabel;
use crate::explain::Bypass;
use crate::response::Outcome;
use crate::slow::Timed;
use crate::store::Reader;
use crate::tide::OperationCounters;

/// An operation that is being executed. If it is dropped before it was answered, by a time limit or because its client went away, it has
/// failed.
pub(super) struct Observed {
    span: Span,
    timed: Option<Timed>,
    /// Where it is still to be counted.
    counters: Option<Arc<OperationCounters>>,
    request: tidewater_cache::Request,
}

impl Api {
    /// An operation begins to be executed, for which `reader` reads.
    pub(super) fn observe(
        &self,
        counters: Option<&Arc<OperationCounters>>,
        reader: &Reader,
        bypassed: Option<Bypass>,
    ) -> Observed {
        let label = counters.map(|counters| counters.label());
        let span = span(label.map(|label| &**label));
        let timed = self.0.slow.as_ref().map(|slow| slow.time(label.cloned(), reader.clone(), bypassed));
        Observed { span, timed, counters: counters.cloned(), request: reader.request().clone() }
    }

    /// An operation was answered by a response that was kept; `looking` is the span of looking for it.
    pub(super) fn observe_remembered(
        &self,
        label: Option<&Arc<OperationLabel>>,
        looking: &Span,
        request: &tidewater_cache::Request,
        provenance: &Provenance,
    ) {
        if !looking.is_disabled()
            && let Some(label) = label
        {
            tell(label, looking);
        }
        if let Some(slow) = &self.0.slow {
            slow.remembered(label.map(|label| &**label), request, provenance);
        }
    }
}

impl Observed {
    /// What it is executed in.
    pub(super) fn span(&self) -> Span {
        self.span.clone()
    }

    /// It was answered.
    pub(super) fn answered(mut self, outcome: &Outcome) {
        self.count(*outcome != Outcome::Complete);
        if let Some(timed) = &mut self.timed {
            timed.answered(outcome);
        }
        if self.span.is_disabled() {
            return;
        }
        let Provenance { memory, redis, joined, loaded, bypassed, stale, .. } = self.request.provenance();
        self.span.record("tidewater.outcome", outcome.name());
        let counts = [
            ("tidewater.memory", memory),
            ("tidewater.redis", redis),
            ("tidewater.joined", joined),
            ("tidewater.database", loaded + bypassed),
        ];
        for (name, count) in counts {
            // Traces know no numbers without a sign.
            self.span.record(name, i64::try_from(count).unwrap_or(i64::MAX));
        }
        self.span.record("tidewater.misses", self.request.misses().to_string());
        self.span.record("tidewater.stale", stale);
        if *outcome != Outcome::Complete {
            self.span.record("error.type", outcome.name());
        }
    }

    fn count(&mut self, has_failed: bool) {
        if let Some(counters) = self.counters.take() {
            let Self { request, .. } = self;
            counters.executed(&request.provenance(), &request.misses(), has_failed, request.elapsed());
        }
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        self.count(true);
    }
}

fn span(label: Option<&OperationLabel>) -> Span {
    let span = tracing::debug_span!(
        "operation",
        otel.name = field::Empty,
        "error.type" = field::Empty,
        "graphql.operation.type" = field::Empty,
        graphql.operation.name = field::Empty,
        tidewater.document = field::Empty,
        tidewater.outcome = field::Empty,
        tidewater.memory = field::Empty,
        tidewater.redis = field::Empty,
        tidewater.joined = field::Empty,
        tidewater.database = field::Empty,
        tidewater.misses = field::Empty,
        tidewater.stale = field::Empty,
    );
    if !span.is_disabled()
        && let Some(label) = label
    {
        span.record("otel.name", label.text());
        tell(label, &span);
    }
    span
}

/// What looking for a response that is kept is done in.
pub(super) fn looking() -> Span {
    tracing::debug_span!(
        "response",
        tidewater.found = field::Empty,
        "graphql.operation.type" = field::Empty,
        graphql.operation.name = field::Empty,
        tidewater.document = field::Empty,
    )
}

fn tell(label: &OperationLabel, span: &Span) {
    span.record("graphql.operation.type", label.kind);
    span.record("tidewater.document", &*label.document);
    if let Some(name) = &label.name {
        span.record("graphql.operation.name", name.as_str());
    }
}
