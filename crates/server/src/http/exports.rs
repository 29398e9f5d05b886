//! The files of exports, each for the one whose data it holds.

use std::io;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use futures::TryStreamExt;
use tidewater_graphql::{Caller, Download, Error, ResponseKey};

use super::front::Peer;
use super::graphql::Deadline;
use super::media_type::MediaType;
use super::refusal::Refusal;
use super::{Service, session_cookie};

/// Where they are served.
pub(super) const PATH: &str = "/exports/{id}";

/// How many may be downloaded at once. Each holds one piece in memory for as long as its client takes to read it.
pub(super) const MAX_DOWNLOADS: usize = 64;

/// Apart from the forms of GraphQL requests.
const FORM: u8 = 2;

pub(super) async fn get(
    State(service): State<Arc<Service>>,
    Extension(peer): Extension<Peer>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    let deadline = Deadline::new(&service.limits);
    service.bounded(MediaType::Json, deadline.hold(service.download(peer, id, &headers))).await
}

impl Service {
    async fn download(
        &self,
        peer: Peer,
        id: Result<Path<String>, PathRejection>,
        headers: &HeaderMap,
    ) -> Result<Response, Refusal> {
        let credential = session_cookie::credential(headers);
        let key = ResponseKey::new(FORM, credential.as_deref(), &[]);
        let allowance = self.limiter.allowance(key.credential(), self.proxies.client(peer.0, headers).into());
        allowance.request().await.map_err(Refusal::rate_limited)?;
        let permit = Arc::clone(&self.downloads).try_acquire_owned().map_err(|_| Refusal::busy())?;
        let Ok(Path(id)) = id else { return Err(Refusal::not_found()) };
        let caller = Caller { credential, allowance, ..Caller::default() };
        let file = match self.api.download(caller, &id).await {
            Ok(Download::Ready(file)) => file,
            Ok(Download::Unfinished) => return Err(Refusal::unfinished()),
            Ok(Download::Expired) => return Err(Refusal::expired()),
            Err(Error::NotFound(_)) => return Err(Refusal::not_found()),
            Err(Error::Unavailable) => return Err(Refusal::busy()),
            Err(_) => return Err(Refusal::failed()),
        };
        let disposition = HeaderValue::from_str(&format!("attachment; filename=\"tidewater-{id}.json\""));
        // A file that cannot be read to its end breaks off, so that nobody takes what came for all of it.
        let broken = |_| io::Error::other("the file of an export could not be read to its end");
        let pieces = file.pieces().map_err(broken).inspect_ok(move |_| {
            let _held = &permit;
        });
        let mut response = Response::new(Body::from_stream(pieces));
        let told = response.headers_mut();
        told.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        told.insert(CONTENT_DISPOSITION, disposition.map_err(|_| Refusal::not_found())?);
        told.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    }
}
