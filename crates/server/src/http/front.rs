use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use axum::response::Response;
use futures::FutureExt;
use futures::future::BoxFuture;
use hyper::body::Incoming;
use tower::Service as _;
use tracing::{Instrument, Span};

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
pub(crate) struct Front(Arc<Inner>);

struct Inner {
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
        Self(Arc::new(Inner { service, router, cors: Cors::new(&http.cors_origins), compress_from }))
    }

    /// Has all WebSockets and event streams end, and waits until they have.
    pub(crate) async fn stop_streams(&self) {
        self.0.service.streams.stop().await;
    }

    /// What has been answered, and what is under way; none unless metrics are told.
    pub(crate) fn traffic(&self) -> Option<TrafficStatistics> {
        self.0.service.traffic.as_ref().map(Traffic::read)
    }

    /// What is open of WebSockets and event streams.
    pub(crate) fn streams(&self) -> StreamStatistics {
        self.0.service.streams.statistics()
    }

    /// Answers a request that came on a connection from `peer`.
    ///
    /// Behind a pointer: what holds the connection would move all of its state several times otherwise, which costs more than
    /// finding what is remembered.
    pub(crate) fn answer(&self, request: Request<Incoming>, peer: IpAddr) -> BoxFuture<'static, Response> {
        let front = Arc::clone(&self.0);
        Box::pin(async move {
            let arrived = Instant::now();
            let trail = Trail::begin(&request, &front.service.tracer);
            let mut record = Record::begin(&request, &trail, arrived);
            let traffic = front.service.traffic.as_ref();
            let underway = traffic.map(|traffic| traffic.begin(request.uri().path(), arrived));
            let compression = front.compress_from.and_then(|from| Some((Accepted::of(request.headers())?, from)));
            let peer = Peer(peer);
            let mut response = match &front.cors {
                None => guarded(pin!(front.route(request, peer, &trail)), trail.span()).await,
                // Which tells a browser what pages of other origins may do with the answer.
                Some(cors) => {
                    let answer = |request| front.route(request, peer, &trail).map(Ok);
                    guarded(Box::pin(cors.answer(request, answer)), trail.span()).await
                }
            };
            record.end(response.status());
            if let Some(underway) = underway {
                underway.end(response.status());
            }
            trail.end(response.status());
            security::shield(response.headers_mut());
            response.headers_mut().insert(request_id::HEADER, trail.id().clone());
            match compression {
                Some((accepted, from)) => Box::pin(accepted.compress(response, from)).await,
                None => response,
            }
        })
    }
}

impl Inner {
    async fn route(&self, mut request: Request<Incoming>, peer: Peer, trail: &Trail) -> Response {
        if request.method() == Method::POST && request.uri().path() == graphql::PATH {
            let (parts, body) = request.into_parts();
            return pin!(graphql::post(&self.service, peer, &parts.headers, body, trail)).await;
        }
        request.extensions_mut().insert(peer);
        request.extensions_mut().insert(trail.clone());
        let routed = self.router.clone().call(request.map(Body::new)).instrument(trail.log_span());
        match Box::pin(routed).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

/// What `answering` answers within `span`, or that it panicked.
async fn guarded(answering: impl Future<Output = Response> + Unpin, span: &Span) -> Response {
    let answered = AssertUnwindSafe(answering).catch_unwind().instrument(span.clone());
    answered.await.unwrap_or_else(refusal::of_panic)
}
