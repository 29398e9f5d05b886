use std::convert::Infallible;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use axum::response::Response;
use futures::FutureExt;
use hyper::body::Incoming;
use tower_service::Service as _;
use tracing::Instrument;

use super::access_log::Record;
use super::{Service, graphql, refusal, request_id};

/// Where every request comes in: it gets an id and a log record, and a panic becomes an answer.
///
/// A GraphQL request by `POST` takes a short way from here, past the router: it is nearly all that comes, and what is remembered is
/// answered in less time than a router takes.
#[derive(Clone)]
pub(crate) struct Front {
    service: Arc<Service>,
    router: Router,
}

/// The other end of the connection that a request came on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) IpAddr);

impl Front {
    pub(super) fn new(service: Arc<Service>, router: Router) -> Self {
        Self { service, router }
    }

    /// Has all WebSockets and event streams end, and waits until they have.
    pub(crate) async fn stop_streams(&self) {
        self.service.streams.stop().await;
    }

    /// Answers a request that came on a connection from `peer`.
    pub(crate) async fn answer(self, request: Request<Incoming>, peer: IpAddr) -> Result<Response, Infallible> {
        let id = request_id::of(request.headers());
        let mut record = Record::begin(&request, &id);
        let answered = AssertUnwindSafe(self.route(request, Peer(peer), &id)).catch_unwind().await;
        let mut response = answered.unwrap_or_else(refusal::of_panic);
        record.end(response.status());
        response.headers_mut().insert(request_id::HEADER, id);
        Ok(response)
    }

    async fn route(self, mut request: Request<Incoming>, peer: Peer, id: &axum::http::HeaderValue) -> Response {
        let Self { service, mut router } = self;
        if request.method() == Method::POST && request.uri().path() == graphql::PATH {
            let (parts, body) = request.into_parts();
            return graphql::post(&service, peer, &parts.headers, body, id).await;
        }
        request.extensions_mut().insert(peer);
        let routed = router.call(request.map(Body::new)).instrument(request_id::span(id));
        match Box::pin(routed).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}
