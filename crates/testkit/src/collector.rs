//! A collector of OpenTelemetry that takes spans by OTLP over HTTP, and can be made to fail.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value},
    trace::v1::{Span as Sent, status::StatusCode as SentStatus},
};
use prost::Message;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time};

use crate::process::{BROKEN_MACHINE, PATIENCE};

/// What a collector does with what it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It takes it.
    Takes,
    /// It takes it, and keeps nothing of it.
    Discards,
    /// It answers with this status, and takes nothing.
    Refuses(u16),
    /// It does not answer.
    Hangs,
}

/// A span as it was received.
#[derive(Clone, Debug)]
pub struct Span {
    /// What it is called.
    pub name: String,
    /// `SPAN_KIND_SERVER` and so on, without the beginning, in lower case.
    pub kind: String,
    /// The number of its trace, in hexadecimal digits.
    pub trace: String,
    /// Its own number.
    pub id: String,
    /// The number of the span that it is a part of; empty for a root.
    pub parent: String,
    /// The caller's `tracestate`.
    pub state: String,
    /// Its attributes.
    pub attributes: BTreeMap<String, Value>,
    /// The numbers of the traces and spans that it has to do with.
    pub links: Vec<(String, String)>,
    /// Whether it tells of an error.
    pub is_error: bool,
    /// How many events it has.
    pub events: usize,
    /// When it began and ended, in nanoseconds since 1970.
    pub time: (u64, u64),
    /// What is told of the process that it comes from.
    pub resource: BTreeMap<String, Value>,
}

/// A collector on a free port of 127.0.0.1. Dropping it closes the port.
pub struct Collector {
    url: String,
    shared: Arc<Shared>,
    spans: watch::Receiver<Vec<Span>>,
    serving: JoinHandle<()>,
}

struct Shared {
    manner: Mutex<Manner>,
    spans: watch::Sender<Vec<Span>>,
    bodies: Mutex<Vec<Bytes>>,
    headers: Mutex<Vec<HeaderMap>>,
}

impl Collector {
    /// Begins to take spans.
    pub async fn start() -> Self {
        let (sender, spans) = watch::channel(Vec::new());
        let shared = Arc::new(Shared {
            manner: Mutex::new(Manner::Takes),
            spans: sender,
            bodies: Mutex::default(),
            headers: Mutex::default(),
        });
        let router = Router::new().route("/v1/traces", post(take)).with_state(Arc::clone(&shared));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect(BROKEN_MACHINE);
        let url = format!("http://{}", listener.local_addr().expect(BROKEN_MACHINE));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.expect("a collector") });
        Self { url, shared, spans, serving }
    }

    /// Its address, `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What it does from now on.
    pub fn behave(&self, manner: Manner) {
        *self.shared.manner.lock().unwrap() = manner;
    }

    /// All that it has taken so far.
    pub fn spans(&self) -> Vec<Span> {
        self.spans.borrow().clone()
    }

    /// How many deliveries have come, taken or not.
    pub fn deliveries(&self) -> usize {
        self.shared.bodies.lock().unwrap().len()
    }

    /// The headers of the deliveries that have come.
    pub fn headers(&self) -> Vec<HeaderMap> {
        self.shared.headers.lock().unwrap().clone()
    }

    /// Whether `text` is anywhere in what has come.
    pub fn holds(&self, text: &str) -> bool {
        let bodies = self.shared.bodies.lock().unwrap();
        bodies.iter().any(|body| body.windows(text.len()).any(|part| part == text.as_bytes()))
    }

    /// Waits until a span is taken that `is_wanted`. Panics with all that were taken when none is.
    pub async fn wait_for(&self, what: &str, is_wanted: impl Fn(&Span) -> bool) -> Span {
        let mut spans = self.spans.clone();
        let found = time::timeout(PATIENCE, spans.wait_for(|spans| spans.iter().any(&is_wanted))).await;
        let found =
            found.ok().and_then(Result::ok).and_then(|spans| spans.iter().find(|span| is_wanted(span)).cloned());
        found.unwrap_or_else(|| panic!("no {what} among {:#?}", self.spans()))
    }

    /// All spans of the trace of `span` that have come a while later: what belongs to one that has ended is sent with it, or with the next
    /// delivery.
    pub async fn trace(&self, span: &Span) -> Vec<Span> {
        time::sleep(Duration::from_millis(1_500)).await;
        self.spans().into_iter().filter(|other| other.trace == span.trace).collect()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Span {
    /// An attribute; null if it has none of that name.
    pub fn attribute(&self, name: &str) -> &Value {
        self.attributes.get(name).unwrap_or(&Value::Null)
    }
}

async fn take(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let manner = *shared.manner.lock().unwrap();
    if manner == Manner::Discards {
        return StatusCode::OK;
    }
    shared.bodies.lock().unwrap().push(body.clone());
    shared.headers.lock().unwrap().push(headers);
    match manner {
        Manner::Takes | Manner::Discards => {}
        Manner::Refuses(status) => return StatusCode::from_u16(status).unwrap(),
        Manner::Hangs => return std::future::pending().await,
    }
    let Ok(request) = ExportTraceServiceRequest::decode(body) else { return StatusCode::BAD_REQUEST };
    shared.spans.send_modify(|spans| {
        for of_resource in request.resource_spans {
            let resource = attributes(&of_resource.resource.unwrap_or_default().attributes);
            let sent = of_resource.scope_spans.into_iter().flat_map(|of_scope| of_scope.spans);
            spans.extend(sent.map(|span| received(span, &resource)));
        }
    });
    StatusCode::OK
}

fn received(span: Sent, resource: &BTreeMap<String, Value>) -> Span {
    Span {
        kind: span.kind().as_str_name().trim_start_matches("SPAN_KIND_").to_lowercase(),
        trace: hexadecimal(&span.trace_id),
        id: hexadecimal(&span.span_id),
        parent: hexadecimal(&span.parent_span_id),
        attributes: attributes(&span.attributes),
        links: span.links.iter().map(|link| (hexadecimal(&link.trace_id), hexadecimal(&link.span_id))).collect(),
        is_error: span.status.as_ref().is_some_and(|status| status.code() == SentStatus::Error),
        events: span.events.len(),
        time: (span.start_time_unix_nano, span.end_time_unix_nano),
        resource: resource.clone(),
        name: span.name,
        state: span.trace_state,
    }
}

fn attributes(pairs: &[KeyValue]) -> BTreeMap<String, Value> {
    pairs.iter().map(|pair| (pair.key.clone(), pair.value.as_ref().map_or(Value::Null, value))).collect()
}

fn value(value: &AnyValue) -> Value {
    match &value.value {
        Some(any_value::Value::StringValue(text)) => json!(text),
        Some(any_value::Value::BoolValue(truth)) => json!(truth),
        Some(any_value::Value::IntValue(number)) => json!(number),
        Some(any_value::Value::DoubleValue(number)) => json!(number),
        other => json!(format!("{other:?}")),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
