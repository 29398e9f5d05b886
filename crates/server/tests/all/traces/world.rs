//! A server that tells a collector what it does.

use serde_json::{Value, json};
use tidewater_testkit::{Answer, Backend, Collector, Server, Span, TestDatabase, TestRedis};

use crate::fixture::{PATIENT, binary, seeded, sign_in};

/// What a caller adds to `traceparent`, to be carried along.
pub(super) const STATE: &str = "vendor=opaque";

/// A server over a filled database, its collector, and somebody who is signed in.
pub(super) struct World {
    pub(super) collector: Collector,
    pub(super) server: Server,
    pub(super) database: TestDatabase,
    pub(super) redis: Option<TestRedis>,
    pub(super) token: String,
}

/// A caller's place in a trace.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) trace: String,
    pub(super) span: String,
}

impl Caller {
    pub(super) fn new() -> Self {
        let trace = format!("{:032x}", uuid());
        let span = trace[..16].to_owned();
        Self { trace, span }
    }

    /// As a header, saying that the caller traces, or that it does not.
    pub(super) fn header(&self, is_traced: bool) -> String {
        format!("00-{}-{}-0{}", self.trace, self.span, u8::from(is_traced))
    }
}

/// A number that no other test has.
fn uuid() -> u128 {
    uuid::Uuid::new_v4().as_u128()
}

impl World {
    pub(super) async fn new(backend: Backend, environment: &[(&str, &str)]) -> Self {
        let (database, redis, collector) = (seeded(backend).await, backend.redis().await, Collector::start().await);
        let (url, shared) =
            (collector.url().to_owned(), redis.as_ref().map(|redis| (redis.url(), redis.prefix().to_owned())));
        let mut all = vec![("DATABASE_URL", database.url()), PATIENT, ("OTEL_EXPORTER_OTLP_ENDPOINT", &url)];
        if let Some((url, prefix)) = &shared {
            all.extend([("REDIS_URL", url.as_str()), ("TIDEWATER_REDIS_KEY_PREFIX", prefix.as_str())]);
        }
        all.extend(environment);
        let server = Server::start(binary(), &["serve"], &all).await;
        let token = sign_in(&server, 1).await;
        Self { collector, server, database, redis, token }
    }

    /// Asks as the one who is signed in, for a caller who is at that place and traces.
    pub(super) async fn ask(&self, caller: &Caller, query: &str, variables: Value) -> Answer {
        let (parent, authorization) = (caller.header(true), format!("Bearer {}", self.token));
        let headers =
            [("traceparent", parent.as_str()), ("tracestate", STATE), ("authorization", authorization.as_str())];
        let answer = self.server.ask(&headers, &json!({ "query": query, "variables": variables })).await;
        assert!(answer.body.get("errors").is_none(), "{}", answer.body);
        answer
    }

    /// The same; returns the request's span, and all of its trace.
    pub(super) async fn traced(&self, query: &str, variables: Value) -> Trace {
        let caller = Caller::new();
        self.ask(&caller, query, variables).await;
        self.trace(&caller).await
    }

    /// What was told of the request of that caller.
    pub(super) async fn trace(&self, caller: &Caller) -> Trace {
        let of_caller = |span: &Span| span.parent == caller.span && span.trace == caller.trace;
        let root = self.collector.wait_for("span of the request", of_caller).await;
        Trace { spans: self.collector.trace(&root).await, root }
    }
}

/// The spans of a trace.
pub(super) struct Trace {
    pub(super) root: Span,
    pub(super) spans: Vec<Span>,
}

impl Trace {
    /// The only span of that name.
    pub(super) fn only(&self, name: &str) -> &Span {
        let found = self.all(name);
        assert_eq!(found.len(), 1, "{name}: {:#?}", self.spans);
        found[0]
    }

    pub(super) fn all(&self, name: &str) -> Vec<&Span> {
        self.spans.iter().filter(|span| span.name == name).collect()
    }

    /// The span that this one is a part of.
    pub(super) fn parent(&self, span: &Span) -> &Span {
        let parent = self.spans.iter().find(|other| other.id == span.parent);
        parent.unwrap_or_else(|| panic!("{} has no parent: {:#?}", span.name, self.spans))
    }

    /// Whether `span` is a part of `whole`, or of a part of it.
    pub(super) fn is_within(&self, span: &Span, whole: &Span) -> bool {
        span.id != self.root.id && (span.parent == whole.id || self.is_within(self.parent(span), whole))
    }
}
