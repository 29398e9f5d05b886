//! HTTP: what is served at which path, and what holds for every request.

mod access_log;
mod answered;
mod batch;
mod client;
mod client_address;
mod compression;
mod cors;
mod event_stream;
mod explain;
mod exports;
mod freshness;
mod front;
mod graphiql;
mod graphql;
mod health;
mod idempotency;
mod known_documents;
mod lazy_timer;
mod listener;
mod media_type;
mod opening;
mod pace;
mod pages;
mod parameters;
mod rate_limit;
#[doc(hidden)]
pub mod reading;
mod refusal;
mod request_id;
mod room;
mod security;
mod session_cookie;
mod shares;
mod stall;
mod streams;
mod studio;
mod traffic;
mod trail;
mod validator;
mod websocket;

pub(crate) use front::Front;
pub(crate) use known_documents::KnownDocuments;
pub(crate) use listener::{Bounds, accept_until, serve};
pub(crate) use media_type::ranges;
pub(crate) use security::shield;
pub(crate) use streams::StreamStatistics;
pub(crate) use traffic::TrafficStatistics;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use tidewater_graphql::Api;
use tidewater_limit::Limiter;
use tokio::sync::Semaphore;

use client_address::Proxies;
use room::Room;
use streams::Streams;
use traffic::Traffic;

use crate::configuration::{Configuration, LimitConfiguration, Origins, SubscriptionConfiguration};
use crate::readiness::Readiness;
use crate::telemetry::Tracer;

/// What the handlers share.
struct Service {
    api: Api,
    readiness: Readiness,
    /// One permit for each GraphQL request that may be under way.
    capacity: Semaphore,
    /// For bodies and answers.
    room: Room,
    /// One permit for each export that may be downloaded at once.
    downloads: Arc<Semaphore>,
    /// The WebSockets and event streams that are open.
    streams: Streams,
    /// What has been answered, where that is told.
    traffic: Option<Traffic>,
    limits: LimitConfiguration,
    streaming: SubscriptionConfiguration,
    limiter: Limiter,
    documents: KnownDocuments,
    proxies: Proxies,
    /// Whose pages may use the session, besides the server's own.
    origins: Origins,
    secure_cookie: bool,
    tracer: Tracer,
}

/// Everything that is served.
pub(crate) fn front(
    api: Api,
    limiter: Limiter,
    documents: KnownDocuments,
    readiness: Readiness,
    tracer: Tracer,
    configuration: &Configuration,
) -> Front {
    let Configuration { http, limits, rates, subscriptions, metrics, .. } = configuration;
    let service = Arc::new(Service {
        api,
        readiness,
        capacity: Semaphore::new(limits.max_requests.min(Semaphore::MAX_PERMITS)),
        room: Room::new(limits.max_requests.saturating_mul(limits.max_body)),
        downloads: Arc::new(Semaphore::new(exports::MAX_DOWNLOADS)),
        streams: Streams::new(subscriptions.max_streams, subscriptions.max_client_streams),
        traffic: metrics.metrics_listen.map(|_| Traffic::default()),
        limits: limits.clone(),
        streaming: subscriptions.clone(),
        limiter,
        documents,
        proxies: Proxies::new(rates),
        origins: http.cors_origins.clone(),
        secure_cookie: http.has_secure_cookie(),
        tracer,
    });
    let mut router = Router::new()
        // By POST, it does not come here.
        .route(graphql::PATH, get(websocket::get).fallback(graphql::other))
        .route(exports::PATH, get(exports::get))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .with_state(Arc::clone(&service));
    if configuration.serves_graphiql() {
        router = router.merge(graphiql::router());
    }
    if configuration.serves_studio() {
        router = router.merge(studio::router(pages::STUDIO));
    }
    Front::new(service, router, http)
}
