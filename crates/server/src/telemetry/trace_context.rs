use std::collections::HashMap;

use axum::http::HeaderMap;
use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceId};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use serde::{Deserialize, Serialize};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";

/// How much of a caller's `tracestate` is carried on: what the recommendation asks for. A longer one is left out whole.
const LONGEST_STATE: usize = 512;

/// A place in a trace as it is carried to another process (W3C Trace Context).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Carried {
    traceparent: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    tracestate: String,
}

/// A place in a trace, as log records name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) trace: TraceId,
    /// None where the trace is a caller's, and nothing is added to it.
    pub(crate) span: Option<SpanId>,
}

impl Carried {
    /// The place of a span, if it is traced.
    pub(crate) fn of(span: &Span) -> Option<Self> {
        let mut texts = HashMap::new();
        TraceContextPropagator::new().inject_context(&span.context(), &mut texts);
        let traceparent = texts.remove(TRACEPARENT)?;
        let tracestate = texts.remove(TRACESTATE).filter(|state| state.len() <= LONGEST_STATE).unwrap_or_default();
        Some(Self { traceparent, tracestate })
    }

    /// Lets `span` tell of this place, of which it is no part.
    pub(crate) fn link(&self, span: &Span) {
        if let Some(context) = self.context() {
            span.add_link(context.span().span_context().clone());
        }
    }

    /// What callers say in these headers of where they are. None if they say nothing, or nothing that is well formed: then that is as if
    /// they had not.
    pub(crate) fn in_headers(headers: &HeaderMap) -> Option<Self> {
        let mut parents = headers.get_all(TRACEPARENT).iter();
        let (Some(parent), None) = (parents.next(), parents.next()) else { return None };
        let states = headers.get_all(TRACESTATE).iter().map(|state| state.to_str().ok());
        let tracestate = states.collect::<Option<Vec<_>>>().unwrap_or_default().join(",");
        let tracestate = if tracestate.len() <= LONGEST_STATE { tracestate } else { String::new() };
        Some(Self { traceparent: parent.to_str().ok()?.to_owned(), tracestate })
    }

    /// The place. None if this is not well formed.
    pub(crate) fn context(&self) -> Option<Context> {
        if !is_well_formed(self.traceparent.as_bytes()) {
            return None;
        }
        let texts = [(TRACEPARENT, &self.traceparent), (TRACESTATE, &self.tracestate)];
        let texts: HashMap<String, String> = texts.map(|(name, text)| (name.to_owned(), text.clone())).into();
        let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &texts);
        context.span().span_context().is_valid().then_some(context)
    }
}

impl Place {
    /// Of a span that is traced.
    pub(crate) fn of(context: &SpanContext) -> Self {
        Self { trace: context.trace_id(), span: Some(context.span_id()) }
    }
}

/// `00-TRACE-SPAN-FLAGS` in lower-case hexadecimal digits; of a later version, perhaps with something behind it. The library that reads it
/// takes numbers of any length.
fn is_well_formed(traceparent: &[u8]) -> bool {
    const DASHES: [usize; 3] = [2, 35, 52];
    const LENGTH: usize = 55;
    let Some((known, rest)) = traceparent.split_at_checked(LENGTH) else { return false };
    let is_digit = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
    let is_shaped = known.iter().enumerate().all(|(index, byte)| match DASHES.contains(&index) {
        true => *byte == b'-',
        false => is_digit(byte),
    });
    let is_of_its_length = rest.is_empty() || (!known.starts_with(b"00") && rest.starts_with(b"-"));
    is_shaped && is_of_its_length && !known.starts_with(b"ff")
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn read(parents: &[&'static str], states: &[&'static str]) -> Option<(String, String)> {
        let mut headers = HeaderMap::new();
        for parent in parents {
            headers.append(TRACEPARENT, HeaderValue::from_static(parent));
        }
        for state in states {
            headers.append(TRACESTATE, HeaderValue::from_static(state));
        }
        let context = Carried::in_headers(&headers)?.context()?;
        let span = context.span().span_context().clone();
        assert!(span.is_remote());
        Some((span.trace_id().to_string(), span.trace_state().header()))
    }

    #[test]
    fn a_callers_place_is_read() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736".to_owned();
        assert_eq!(read(&[GOOD], &[]), Some((trace.clone(), String::new())));
        assert_eq!(read(&[GOOD], &["a=1", "b=2"]), Some((trace.clone(), "a=1,b=2".to_owned())));
        let later = "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future-brings";
        assert_eq!(read(&[later], &["not a state"]), Some((trace, String::new())));
    }

    #[test]
    fn what_is_not_well_formed_is_as_if_it_were_not_there() {
        assert_eq!(read(&[], &["a=1"]), None);
        assert_eq!(read(&[GOOD, GOOD], &[]), None);
        for bad in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01more",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-1-1-01",
            "+0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-+1",
            "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
        ] {
            assert_eq!(read(&[bad], &[]), None, "{bad}");
        }
    }

    #[test]
    fn a_state_that_is_too_long_is_left_out() {
        let state = |length: usize| {
            let members: Vec<_> = (0..8).map(|number| format!("a{number}={}", "x".repeat(60))).collect();
            let state = members.join(",");
            let missing = length - state.len();
            &*(state + &"x".repeat(missing)).leak()
        };
        let (long, longer) = (state(LONGEST_STATE), state(LONGEST_STATE + 1));
        assert_eq!(read(&[GOOD], &[long]).unwrap().1, long);
        assert_eq!(read(&[GOOD], &[longer]).unwrap().1, "");
    }
}
