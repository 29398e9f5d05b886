//! How spans leave the process: behind what they tell of, in batches, within bounds of number and time. What finds no room, or cannot be
//! delivered, is dropped and counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use async_graphql::async_trait::async_trait;
use axum::body::Bytes;
use opentelemetry::Context;
use opentelemetry_http::{HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter as Otlp, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, Span, SpanData, SpanExporter, SpanProcessor};
use tokio::runtime::Handle;

use super::redaction::redact;
use crate::configuration::Headers;
use crate::error::one_line;

/// How many spans may wait, those included that are being sent.
const WAITING: usize = 8_192;
/// How many are sent at once.
const BATCH: usize = 512;
/// How long spans wait for others to be sent with.
const DELAY: Duration = Duration::from_secs(1);
/// How long one delivery may take, further attempts included.
const LIMIT: Duration = Duration::from_secs(10);
const CONNECTING: Duration = Duration::from_secs(3);

/// What has become of spans.
#[derive(Debug, Default)]
pub(super) struct Delivery {
    waiting: AtomicUsize,
    delivered: AtomicU64,
    /// There was no room, or they could not be delivered.
    dropped: AtomicU64,
    /// How many had been dropped when that was last told.
    told: AtomicU64,
    is_failing: AtomicBool,
    is_short: AtomicBool,
}

/// What takes spans that have ended, and sends them to `endpoint` on `runtime`. The error is a sentence.
pub(super) fn start(
    endpoint: String,
    headers: &Headers,
    runtime: &Handle,
) -> Result<(impl SpanProcessor + 'static, Arc<Delivery>), String> {
    let client = reqwest::Client::builder()
        .timeout(LIMIT)
        .connect_timeout(CONNECTING)
        .redirect(reqwest::redirect::Policy::none())
        // What is told, and its headers, are for the collector that was named.
        .no_proxy()
        .build()
        .map_err(|error| one_line(&error))?;
    let exporter = Otlp::builder()
        .with_http()
        .with_http_client(OnRuntime { client, headers: headers.clone(), runtime: runtime.clone() })
        .with_endpoint(endpoint)
        .with_protocol(Protocol::HttpBinary)
        .with_timeout(LIMIT)
        .build()
        .map_err(|error| one_line(&error))?;
    let delivery = Arc::<Delivery>::default();
    let exporter = Telling { exporter, delivery: Arc::clone(&delivery) };
    let batches = BatchConfigBuilder::default()
        .with_max_queue_size(WAITING)
        .with_max_export_batch_size(BATCH)
        .with_scheduled_delay(DELAY)
        .build();
    let processor = BatchSpanProcessor::builder(exporter).with_batch_config(batches).build();
    Ok((Bounded { processor, delivery: Arc::clone(&delivery) }, delivery))
}

impl Delivery {
    /// Whether there is room for one more.
    fn admit(&self) -> bool {
        let has_room = self.waiting.fetch_add(1, Ordering::Relaxed) < WAITING;
        if !has_room {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        has_room
    }

    /// Some have been delivered, or not. Says when that begins to fail, and when it is over; and that there was no room.
    fn settle(&self, count: usize, error: Option<&OTelSdkError>) {
        self.waiting.fetch_sub(count, Ordering::Relaxed);
        let counter = if error.is_some() { &self.dropped } else { &self.delivered };
        counter.fetch_add(count as u64, Ordering::Relaxed);
        let was_failing = self.is_failing.swap(error.is_some(), Ordering::Relaxed);
        let dropped = self.dropped.load(Ordering::Relaxed);
        let is_short = dropped > self.told.swap(dropped, Ordering::Relaxed);
        let was_short = self.is_short.swap(is_short, Ordering::Relaxed);
        match error {
            Some(error) if !was_failing => {
                tracing::warn!(dropped, reason = %error, "traces cannot be delivered; they are dropped until they can");
            }
            Some(_) => {}
            None if was_failing => tracing::info!(dropped, "traces are delivered again"),
            None if is_short && !was_short => {
                tracing::warn!(dropped, "traces come faster than they are delivered; some are dropped");
            }
            None => {}
        }
    }

    /// Logs what has become of all.
    pub(super) fn report(&self) {
        let (delivered, dropped) = (self.delivered.load(Ordering::Relaxed), self.dropped.load(Ordering::Relaxed));
        let undelivered = self.waiting.load(Ordering::Relaxed);
        tracing::info!(delivered, dropped, undelivered, "what was traced");
    }
}

/// Takes no more spans than there is room for, and of each no more than may be told, so that what waits is small, too.
#[derive(Debug)]
struct Bounded {
    processor: BatchSpanProcessor,
    delivery: Arc<Delivery>,
}

impl SpanProcessor for Bounded {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.processor.on_start(span, context);
    }

    fn on_end(&self, mut span: SpanData) {
        if self.delivery.admit() {
            redact(&mut span);
            self.processor.on_end(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.processor.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.processor.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.processor.set_resource(resource);
    }
}

/// Counts what becomes of what is sent.
#[derive(Debug)]
struct Telling {
    exporter: Otlp,
    delivery: Arc<Delivery>,
}

impl SpanExporter for Telling {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len();
        let result = self.exporter.export(batch).await;
        self.delivery.settle(count, result.as_ref().err());
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

/// A client of HTTP for whoever waits on a thread that is none of the runtime's.
#[derive(Debug)]
struct OnRuntime {
    client: reqwest::Client,
    /// What every delivery has. Set here, because the exporter lets its own reading of the environment win over what it is given, and a
    /// flag wins over the environment.
    headers: Headers,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for OnRuntime {
    async fn send_bytes(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        for (name, value) in &self.headers.0 {
            request.headers_mut().insert(name.clone(), value.clone());
        }
        let client = self.client.clone();
        self.runtime.spawn(async move { client.send_bytes(request).await }).await?
    }
}
