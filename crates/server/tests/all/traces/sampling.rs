//! Which requests are traced.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tidewater_testkit::{Backend, Span};

use super::world::{Caller, World};

const QUERY: &str = "{ __typename }";

/// A world of that sampler.
async fn sampled(sampler: &str, share: &str) -> World {
    World::new(Backend::Sqlite, &[("OTEL_TRACES_SAMPLER", sampler), ("OTEL_TRACES_SAMPLER_ARG", share)]).await
}

impl World {
    /// Asks for nothing much with these headers, and checks that it is answered.
    async fn ping(&self, headers: &[(&str, &str)]) {
        let answer = self.server.ask(headers, &json!({ "query": QUERY })).await;
        assert_eq!(answer.body["data"]["__typename"], "Query");
    }

    /// Asks once for a caller who traces, once for one who does not, and once for none; returns which of them was told of, by the end of
    /// the server.
    async fn told(mut self) -> (bool, bool, usize) {
        let (tracing, other) = (Caller::new(), Caller::new());
        self.ping(&[("traceparent", &tracing.header(true))]).await;
        self.ping(&[("traceparent", &other.header(false))]).await;
        self.ping(&[]).await;
        self.server.terminate().await;
        let is_told = |caller: &Caller| self.collector.spans().iter().any(|span| span.trace == caller.trace);
        let own = |span: &&Span| span.parent.is_empty() && span.name == "POST /graphql";
        let own = self.collector.spans().iter().filter(own).count();
        (is_told(&tracing), is_told(&other), own)
    }
}

#[tokio::test]
async fn callers_and_shares_decide_as_the_sampler_says() {
    // Signing in is a request of nobody who traces.
    assert_eq!(sampled("always_on", "0").await.told().await, (true, true, 2));
    assert_eq!(sampled("always_off", "1").await.told().await, (false, false, 0));
    assert_eq!(sampled("parentbased_always_on", "0").await.told().await, (true, false, 2));
    assert_eq!(sampled("parentbased_always_off", "1").await.told().await, (true, false, 0));
    assert_eq!(sampled("parentbased_traceidratio", "0").await.told().await, (true, false, 0));
    assert_eq!(sampled("parentbased_traceidratio", "1").await.told().await, (true, false, 2));
    assert_eq!(sampled("traceidratio", "1").await.told().await, (true, true, 2));
}

#[tokio::test]
async fn what_comes_of_a_request_later_is_traced_where_that_was() {
    let world = sampled("parentbased_always_off", "1").await;
    let trace = world.traced("mutation { exportMyData { export { id } } }", Value::Null).await;
    let job = world.collector.wait_for("span of the job", |span| span.name == "process export").await;
    assert_eq!(job.links[0].0, trace.root.trace);
}

#[tokio::test]
async fn a_share_of_requests_is_traced() {
    let mut world = sampled("traceidratio", "0.3").await;
    for _ in 0..400 {
        world.ping(&[]).await;
    }
    world.server.terminate().await;
    let traced = world.collector.spans().iter().filter(|span| span.name == "POST /graphql").count();
    // Five standard deviations.
    assert!((74..=166).contains(&traced), "{traced} of 400");
}

#[tokio::test]
async fn without_a_collector_nothing_is_traced() {
    let mut world = World::new(Backend::Sqlite, &[("OTEL_EXPORTER_OTLP_ENDPOINT", "")]).await;
    world.ping(&[("traceparent", &Caller::new().header(true))]).await;
    let (code, log) = world.server.terminate().await;
    assert_eq!((code, world.collector.deliveries()), (0, 0));
    assert!(!log.contains("trace"), "{log}");
}

#[tokio::test]
async fn what_is_no_place_in_a_trace_is_as_if_it_were_not_there() {
    let mut world = sampled("parentbased_always_off", "1").await;
    let good = Caller::new();
    for bad in ["", "rubbish", "00-1-1-01", &good.header(true).to_uppercase(), &format!("{}-01", good.header(true))] {
        world.ping(&[("traceparent", bad)]).await;
    }
    world.ping(&[("traceparent", &good.header(true)), ("traceparent", &good.header(true))]).await;
    let late = Caller::new();
    world.ping(&[("traceparent", &late.header(true)), ("tracestate", "no state, ===")]).await;
    world.server.terminate().await;
    let spans = world.collector.spans();
    assert!(!spans.is_empty() && spans.iter().all(|span| span.trace == late.trace), "{spans:#?}");
}

#[tokio::test]
async fn a_state_of_ten_megabytes_is_refused_with_the_header() {
    let world = sampled("always_on", "1").await;
    let state = format!("a={}", "x".repeat(10 << 20));
    let request = world.server.client().post(format!("{}/graphql", world.server.url()));
    // It may be refused before all of it is sent.
    if let Ok(response) = request.header("tracestate", state).body("{}").send().await {
        assert_eq!(response.status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    world.ping(&[]).await;
}
