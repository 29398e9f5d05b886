//! A client of the API like any other: GraphQL over HTTP, and event streams for what goes on.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use serde_json::value::RawValue;
use tokio::time::timeout;
use url::Url;

use crate::Error;
use crate::event::{Event, Reader};
use crate::figures::printable;

/// How long a connection may take.
const CONNECTING: Duration = Duration::from_secs(3);

/// How long an answer may take. A server gives up strict reads after 5 seconds.
const ANSWERING: Duration = Duration::from_secs(8);

/// How long an event stream may be silent. A server gives a sign of life each 15 seconds, unless it is told otherwise.
const SILENCE: Duration = Duration::from_secs(60);

/// How many bytes of an answer are read. The largest is one of 200 changes.
const LARGEST_ANSWER: usize = 8 << 20;

const EVENT_STREAM: &str = "text/event-stream";

/// How one server is asked.
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    endpoint: Url,
    has_token: bool,
}

/// What goes on to be told.
pub(crate) struct Stream<'a> {
    client: &'a Client,
    response: Response,
    reader: Reader,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(default)]
    errors: Vec<Fault>,
}

#[derive(Deserialize)]
struct Fault {
    message: String,
    #[serde(default)]
    extensions: Extensions,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Extensions {
    code: Option<String>,
    retry_after: Option<u64>,
}

impl Client {
    /// A client of the server at `url`. Nothing is sent yet.
    ///
    /// # Errors
    /// [`Error::Settings`] where the URL or the token can be none.
    pub(crate) fn new(url: &str, token: Option<&str>) -> Result<Self, Error> {
        let (url, endpoint) = addresses(url)?;
        let mut headers = HeaderMap::new();
        if let Some(token) = token {
            let unusable = |_| Error::Settings("TIDEWATER_TOKEN holds what cannot be a session's token".to_owned());
            let mut value = HeaderValue::from_str(&format!("Bearer {token}")).map_err(unusable)?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        // A token is for the server that was named: not for a proxy of the environment, nor for whom an answer leads to.
        let http = reqwest::Client::builder().default_headers(headers).connect_timeout(CONNECTING);
        let http = http.no_proxy().redirect(Policy::none()).build();
        let http = http.map_err(|error| Error::Settings(format!("no HTTP client can be made: {error}")))?;
        Ok(Self { http, url, endpoint, has_token: token.is_some() })
    }

    /// The server, as it was named.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Has a document executed that is answered once.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, document: &str) -> Result<T, Error> {
        let asked = async {
            let response = self.send(document, "application/json").await?;
            self.read(response).await
        };
        timeout(ANSWERING, asked).await.map_err(|_| self.silent(ANSWERING))?
    }

    /// Begins a subscription.
    pub(crate) async fn follow(&self, document: &str) -> Result<Stream<'_>, Error> {
        let begun = async {
            let response = self.send(document, EVENT_STREAM).await?;
            let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
            if kind.is_some_and(|kind| kind.starts_with(EVENT_STREAM)) {
                return Ok(Stream { client: self, response, reader: Reader::default() });
            }
            // It is refused, then, and is no answer to a query.
            let status = response.status();
            self.read(response).await.and_then(|RefusedOnly {}| Err(self.foreign(status)))
        };
        timeout(ANSWERING, begun).await.map_err(|_| self.silent(ANSWERING))?
    }

    async fn send(&self, document: &str, accepted: &'static str) -> Result<Response, Error> {
        let request = self.http.post(self.endpoint.clone()).header(ACCEPT, HeaderValue::from_static(accepted));
        let sent = request.json(&json!({ "query": document })).send().await;
        sent.map_err(|error| self.lost(&error))
    }

    async fn read<T: DeserializeOwned>(&self, mut response: Response) -> Result<T, Error> {
        let status = response.status();
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| self.lost(&error))? {
            if body.len() + piece.len() > LARGEST_ANSWER {
                return Err(self.foreign(status));
            }
            body.extend_from_slice(&piece);
        }
        self.data(&body, status)
    }

    /// What an answer holds, if it is one.
    fn data<T: DeserializeOwned>(&self, answer: &[u8], status: StatusCode) -> Result<T, Error> {
        let answer: Answer<'_> = serde_json::from_slice(answer).map_err(|_| self.foreign(status))?;
        if let Some(fault) = answer.errors.into_iter().next() {
            return Err(self.refused(fault, status));
        }
        let data = answer.data.ok_or_else(|| self.foreign(status))?;
        serde_json::from_str(data.get()).map_err(|_| Error::OtherVersion { url: self.url.clone() })
    }

    fn refused(&self, fault: Fault, status: StatusCode) -> Error {
        let Extensions { code, retry_after } = fault.extensions;
        match code.as_deref() {
            Some("UNAUTHENTICATED") if self.has_token => Error::SessionOver,
            Some("UNAUTHENTICATED") => Error::SignedOut,
            Some("FORBIDDEN") => Error::NotAdmin,
            Some("RATE_LIMITED") => Error::RateLimited { seconds: retry_after.unwrap_or(1) },
            Some("DOCUMENT_NOT_TRUSTED") => Error::NotTrusted,
            Some("BAD_USER_INPUT") => Error::OtherVersion { url: self.url.clone() },
            Some(code @ ("TIMEOUT" | "FELL_BEHIND" | "INTERRUPTED" | "UNAVAILABLE" | "INTERNAL")) => {
                Error::Refused { code: code.to_owned(), message: printable(&fault.message) }
            }
            _ => self.foreign(status),
        }
    }

    fn foreign(&self, status: StatusCode) -> Error {
        let (url, status) = (self.url.clone(), status.as_u16());
        match status {
            401 | 403 | 407 => Error::RefusedBefore { url, status },
            _ => Error::NotTidewater { url, status },
        }
    }

    fn silent(&self, time: Duration) -> Error {
        Error::Silent { url: self.url.clone(), seconds: time.as_secs() }
    }

    fn lost(&self, error: &reqwest::Error) -> Error {
        let url = self.url.clone();
        if error.is_connect() { Error::Unreachable { url, reason: reason(error) } } else { Error::Broken { url } }
    }
}

/// No answer at all: the errors are what is looked at.
#[derive(Deserialize)]
struct RefusedOnly {}

impl Stream<'_> {
    /// What is told next. Cancelling this loses nothing.
    ///
    /// # Errors
    /// Whatever ends the stream; [`Error::Ended`] where the server just does.
    pub(crate) async fn next<T: DeserializeOwned>(&mut self) -> Result<T, Error> {
        let status = self.response.status();
        loop {
            match self.reader.next() {
                Some(Event::Next(json)) => return self.client.data(json.as_bytes(), status),
                Some(Event::Complete) => return Err(Error::Ended),
                None => {}
            }
            let piece = timeout(SILENCE, self.response.chunk()).await.map_err(|_| self.client.silent(SILENCE))?;
            let piece = piece.map_err(|error| self.client.lost(&error))?.ok_or(Error::Ended)?;
            if !self.reader.push(&piece) {
                return Err(self.client.foreign(status));
            }
        }
    }
}

/// What a server is called, and where its API is.
fn addresses(url: &str) -> Result<(String, Url), Error> {
    let refused = |what: &str| Err(Error::Settings(format!("invalid value for --url: {what}")));
    let Ok(mut endpoint) = Url::parse(url) else {
        return refused("expected the address of a server, such as http://127.0.0.1:8000");
    };
    match endpoint.scheme() {
        "http" => {}
        "https" => {
            return refused(
                "this speaks no TLS; run it on the server's own host, or name the near end of a tunnel by http",
            );
        }
        _ => return refused("expected the address of a server by http, such as http://127.0.0.1:8000"),
    }
    if !endpoint.username().is_empty() || endpoint.password().is_some() {
        return refused("everybody on this machine can read it; set TIDEWATER_TOKEN to a session's token instead");
    }
    endpoint.set_query(None);
    endpoint.set_fragment(None);
    let base = endpoint.path().trim_end_matches('/').trim_end_matches("/graphql").trim_end_matches('/').to_owned();
    endpoint.set_path(&base);
    let name = endpoint.as_str().trim_end_matches('/').to_owned();
    endpoint.set_path(&format!("{base}/graphql"));
    Ok((name, endpoint))
}

/// Why there is no connection, as the system has it.
fn reason(error: &reqwest::Error) -> &'static str {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.to_string().starts_with("dns error") {
            return "its name is not known";
        }
        match error.downcast_ref::<io::Error>().map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused) => return "nobody listens there",
            Some(io::ErrorKind::TimedOut) => return "nobody answers there",
            Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => return "no way leads there",
            _ => cause = error.source(),
        }
    }
    if error.is_timeout() { "nobody answers there" } else { "the connection is refused" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_with_and_without_the_path_of_its_api() {
        for (given, name, endpoint) in [
            ("http://127.0.0.1:8000", "http://127.0.0.1:8000", "http://127.0.0.1:8000/graphql"),
            ("http://[::1]:80/", "http://[::1]", "http://[::1]/graphql"),
            ("http://host:1/graphql/", "http://host:1", "http://host:1/graphql"),
            ("http://host/api/v1/?a#b", "http://host/api/v1", "http://host/api/v1/graphql"),
        ] {
            let (named, at) = addresses(given).unwrap();
            assert_eq!((named.as_str(), at.as_str()), (name, endpoint), "{given}");
        }
    }

    #[test]
    fn what_is_no_server_is_refused_in_a_sentence_without_what_may_be_a_secret() {
        for (given, expected) in [
            ("localhost", "such as http://127.0.0.1:8000"),
            ("localhost:8000", "by http"),
            ("https://host", "speaks no TLS"),
            ("http://admin:secret@host", "set TIDEWATER_TOKEN"),
            ("http://secret@host", "set TIDEWATER_TOKEN"),
            ("http://:secret@host", "set TIDEWATER_TOKEN"),
            ("ftp://secret", "by http"),
        ] {
            let sentence = Client::new(given, None).err().unwrap().to_string();
            assert!(sentence.starts_with("invalid value for --url: ") && sentence.contains(expected), "{sentence}");
            assert!(!sentence.contains("secret"), "{sentence}");
        }
        let sentence = Client::new("http://host", Some("sec\nret")).err().unwrap().to_string();
        assert!(sentence.contains("TIDEWATER_TOKEN") && !sentence.contains("ret\""), "{sentence}");
    }
}
