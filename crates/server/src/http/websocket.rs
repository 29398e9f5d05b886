//! GraphQL over WebSocket, at the path of GraphQL over HTTP.

mod exchange;
mod operation;
mod origin;

use std::sync::Arc;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Extension, State};
use axum::http::header::{UPGRADE, USER_AGENT};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use tidewater_graphql::{Caller, LiveQuota};
use tidewater_socket::PROTOCOL;

use super::client::Client;
use super::front::Peer;
use super::refusal::Refusal;
use super::streams::Stream;
use super::trail::Trail;
use super::{Service, graphql, session_cookie};
use exchange::Exchange;

/// Opens a WebSocket where one is asked for; else GraphQL by GET.
pub(super) async fn get(
    state: State<Arc<Service>>,
    peer: Extension<Peer>,
    trail: Extension<Trail>,
    uri: Uri,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let is_asked_for = headers.get(UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"));
    if !is_asked_for {
        return graphql::get(state, peer, trail, uri, headers).await;
    }
    match upgrade {
        Ok(upgrade) => open(state.0, peer.0, &trail.0, &uri, &headers, upgrade).await.into_response(),
        Err(rejection) => Refusal::handshake(&rejection).into_response(),
    }
}

async fn open(
    service: Arc<Service>,
    peer: Peer,
    trail: &Trail,
    uri: &Uri,
    headers: &HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Refusal> {
    let network = service.proxies.client(peer.0, headers).into();
    let name = headers.get(USER_AGENT).map(|name| String::from_utf8_lossy(name.as_bytes()));
    let device = name.and_then(|name| Caller::device(&name));
    let (bearer, cookie) = session_cookie::credentials(headers);
    if bearer.is_none() && cookie.is_some() && origin::is_foreign(uri, headers, &service.origins.0) {
        // A browser sends the cookie along whoever's page opens the socket, and lets the page read what comes.
        return Err(Refusal::foreign_origin());
    }
    let is_explicit = bearer.is_some();
    let client = Client {
        service: Arc::clone(&service),
        network,
        device,
        credential: bearer.or(cookie),
        live_queries: LiveQuota::new(service.streaming.max_socket_live_queries),
        upgrade: Arc::new(trail.upgrade()),
    };
    client.allowance().request().await.map_err(Refusal::rate_limited)?;
    let open = service.streams.open(Stream::Socket, network).ok_or_else(Refusal::busy)?;
    let upgrade = upgrade.protocols([PROTOCOL]);
    let speaks = upgrade.selected_protocol().is_some();
    let limit = service.limits.max_body;
    // What is a little too large can be read to its end, so that its sender learns why the socket is closed.
    let upgrade = upgrade.max_message_size(limit.saturating_mul(2)).max_frame_size(limit.saturating_mul(2));
    Ok(upgrade.on_upgrade(move |socket| Exchange::new(socket, client, is_explicit, open).run(speaks)))
}
