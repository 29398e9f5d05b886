//! What is read of what strangers send, for whoever tries all that they can send on it. Nothing else uses it.

use async_graphql::Request;
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, HeaderValue, Uri};
use tidewater_cache::HistoryMark;

use super::event_stream;
use super::media_type::MediaType;
use super::parameters::{self, Parameters};
use super::refusal::Refusal;
use super::{batch, freshness};

/// A request that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The status of the answer in `application/graphql-response+json`.
    pub status: u16,
    /// That in `application/json`.
    pub status_in_json: u16,
    /// The answer.
    pub body: String,
}

/// A request that was read: with its document, or the name of one.
#[derive(Debug)]
pub struct Read {
    /// Without a text if the document is only named.
    pub request: Request,
    /// The name of the document.
    pub document_id: Option<String>,
}

/// The request in the body of a `POST`.
///
/// # Errors
/// What it is refused with.
pub fn body(body: &[u8]) -> Result<Read, Refused> {
    told(parameters::of_json(body)).map(Read::from)
}

/// The request in the query string of a `GET`.
///
/// # Errors
/// What it is refused with.
pub fn query_string(uri: &Uri) -> Result<Read, Refused> {
    told(parameters::of_query_string(uri)).map(Read::from)
}

/// The texts of the requests in the body of a `POST`, if it is an array, of which there may be `most`.
///
/// # Errors
/// What it is refused with.
pub fn batch(body: &[u8], most: usize) -> Option<Result<Vec<&str>, Refused>> {
    let texts = || Ok(batch::requests(body, most)?.into_iter().map(|request| request.get()).collect());
    batch::is_array(body).then(|| told(texts()))
}

/// The media type of the answer to a request with these values of `Accept`, and how much an event stream is wanted.
pub fn accept(values: &[HeaderValue]) -> (Option<&'static str>, &'static str) {
    let headers: HeaderMap = values.iter().map(|value| (ACCEPT, value.clone())).collect();
    let media = MediaType::wanted(&headers).map(MediaType::name);
    let stream = match event_stream::wanted(&headers) {
        event_stream::Wanted::No => "no",
        event_stream::Wanted::Accepted => "accepted",
        event_stream::Wanted::Preferred => "preferred",
    };
    (media, stream)
}

/// The mark that is required by a request with this value of `Tidewater-Mark`.
///
/// # Errors
/// What it is refused with.
pub fn mark(value: HeaderValue) -> Result<Option<HistoryMark>, Refused> {
    told(freshness::mark(&HeaderMap::from_iter([(freshness::MARK, value)])))
}

fn told<T>(read: Result<T, Refusal>) -> Result<T, Refused> {
    read.map_err(|refusal| {
        let (status, status_in_json) = refusal.statuses();
        Refused { status, status_in_json, body: refusal.body() }
    })
}

impl From<Parameters> for Read {
    fn from(Parameters { request, document_id }: Parameters) -> Self {
        Self { request, document_id }
    }
}
