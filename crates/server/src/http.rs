//! HTTP: what is served at which path, and what holds for every request.

mod access_log;
mod document;
mod freshness;
mod graphiql;
mod graphql;
mod health;
mod listener;
mod parameters;
mod refusal;
mod request_id;
mod session_cookie;

pub(crate) use listener::serve;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::get;
use tidewater_graphql::Api;
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;

use crate::configuration::{HttpConfiguration, LimitConfiguration};
use crate::readiness::Readiness;

/// What the handlers share.
struct Service {
    api: Api,
    readiness: Readiness,
    /// One permit for each GraphQL request that may be under way.
    capacity: Semaphore,
    limits: LimitConfiguration,
    secure_cookie: bool,
}

/// Everything that is served.
pub(crate) fn router(api: Api, readiness: Readiness, http: &HttpConfiguration, limits: LimitConfiguration) -> Router {
    let service = Service {
        api,
        readiness,
        capacity: Semaphore::new(limits.max_requests.min(Semaphore::MAX_PERMITS)),
        limits,
        secure_cookie: http.has_secure_cookie(),
    };
    let mut router = Router::new()
        .route("/graphql", get(graphql::get).post(graphql::post))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .with_state(Arc::new(service));
    if http.serves_graphiql() {
        router = router.merge(graphiql::router());
    }
    router
        .layer(CatchPanicLayer::custom(refusal::of_panic))
        .layer(from_fn(access_log::record))
        .layer(from_fn(request_id::assign))
}
