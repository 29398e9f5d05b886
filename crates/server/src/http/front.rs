use std::convert::Infallible;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use axum::response::Response;
use futures::FutureExt;
use hyper::body::Incoming;
use tower::Service as _;
use tracing::Instrument;

use super::access_log::Record;
use super::compression::Accepted;
use super::cors::Cors;
use super::streams::StreamStatistics;
use super::traffic::{Traffic, TrafficStatistics};
use super::trail::Trail;
use super::{Service, graphql, refusal, request_id, security};
use crate::configuration::HttpConfiguration;

/// Where every request comes in: it gets an id, a log record and perhaps a trace, and a panic becomes an answer.
///
/// A GraphQL request by `POST` takes a short way from here, past the router: it is nearly all that comes, and what is remembered is
/// answered in less time than a router takes.
#[derive(Clone)]
pub(crate) struct Front {
    service: Arc<Service>,
    router: Router,
    cors: Option<Cors>,
    /// From which size on answers are compressed.
    compress_from: Option<usize>,
}

/// The other end of the connection that a request came on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) IpAddr);

impl Front {
    pub(super) fn new(service: Arc<Service>, router: Router, http: &HttpConfiguration) -> Self {
        let compress_from = Some(http.compress_from).filter(|from| *from > 0);
        Self { service, router, cors: Cors::new(&http.cors_origins), compress_from }
    }

    /// Has all WebSockets and event streams end, and waits until they have.
    pub(crate) async fn stop_streams(&self) {
        self.service.streams.stop().await;
    }

    /// What has been answered, and what is under way; none unless metrics are told.
    pub(crate) fn traffic(&self) -> Option<TrafficStatistics> {
        self.service.traffic.as_ref().map(Traffic::read)
    }

    /// What is open of WebSockets and event streams.
    pub(crate) fn streams(&self) -> StreamStatistics {
        self.service.streams.statistics()
    }

    /// Answers a request that came on a connection from `peer`.
    pub(crate) async fn answer(self, request: Request<Incoming>, peer: IpAddr) -> Result<Response, Infallible> {
        let arrived = Instant::now();
        let trail = Trail::begin(&request, &self.service.tracer);
        let mut record = Record::begin(&request, &trail, arrived);
        let service = Arc::clone(&self.service);
        let underway = service.traffic.as_ref().map(|traffic| traffic.begin(request.uri().path(), arrived));
        let compression = self.compress_from.and_then(|from| Some((Accepted::of(request.headers())?, from)));
        let answered = AssertUnwindSafe(self.allowed(request, Peer(peer), &trail)).catch_unwind();
        let mut response = answered.instrument(trail.span().clone()).await.unwrap_or_else(refusal::of_panic);
        record.end(response.status());
        if let Some(underway) = underway {
            underway.end(response.status());
        }
        trail.end(response.status());
        security::shield(response.headers_mut());
        response.headers_mut().insert(request_id::HEADER, trail.id().clone());
        Ok(match compression {
            Some((accepted, from)) => accepted.compress(response, from).await,
            None => response,
        })
    }

    /// Answers a request, and tells a browser what pages of other origins may do with it.
    async fn allowed(self, request: Request<Incoming>, peer: Peer, trail: &Trail) -> Response {
        let Some(cors) = self.cors.clone() else { return self.route(request, peer, trail).await };
        let answer = |request| self.clone().route(request, peer, trail).map(Ok);
        Box::pin(cors.answer(request, answer)).await
    }

    async fn route(self, mut request: Request<Incoming>, peer: Peer, trail: &Trail) -> Response {
        let Self { service, mut router, .. } = self;
        if request.method() == Method::POST && request.uri().path() == graphql::PATH {
            let (parts, body) = request.into_parts();
            return graphql::post(&service, peer, &parts.headers, body, trail).await;
        }
        request.extensions_mut().insert(peer);
        request.extensions_mut().insert(trail.clone());
        let routed = router.call(request.map(Body::new)).instrument(trail.log_span());
        match Box::pin(routed).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}
