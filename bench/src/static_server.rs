//! The limit of HTTP: axum as anybody would use it, with the same bytes for every request.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use tokio::net::TcpListener;

use crate::cli::StaticOptions;
use crate::error::Error;
use crate::response::ResponseReader;

const TODO: &[u8] = br#"{"query":"query W1("#;
/// What the server adds itself.
const OWN_HEADERS: [&str; 4] = ["content-length", "date", "connection", "transfer-encoding"];

#[derive(Clone)]
struct Recorded {
    headers: HeaderMap,
    body: Bytes,
}

struct Both {
    todo: Recorded,
    list: Recorded,
}

/// Serves until it is killed.
pub(crate) async fn serve(options: &StaticOptions) -> Result<(), Error> {
    let both = Both { todo: read(&options.todo).await?, list: read(&options.list).await? };
    let router = Router::new().route("/graphql", post(answer)).with_state(Arc::new(both));
    let listener = TcpListener::bind(("127.0.0.1", options.port)).await.map_err(Error::system("the port"))?;
    axum::serve(listener, router).await.map_err(Error::system("connections"))
}

async fn answer(State(both): State<Arc<Both>>, request: Bytes) -> Response {
    let Recorded { headers, body } = if request.starts_with(TODO) { both.todo.clone() } else { both.list.clone() };
    (headers, body).into_response()
}

async fn read(file: &Path) -> Result<Recorded, Error> {
    let bytes = fs::read(file).map_err(Error::file(file))?;
    let unusable = |reason: String| Error::file(file)(std::io::Error::other(reason));
    let mut reader = ResponseReader::new();
    let mut stream = &bytes[..];
    let response = reader.next(&mut stream).await.map_err(unusable)?;
    let lines = std::str::from_utf8(response.head).map_err(|error| unusable(error.to_string()))?;
    let mut headers = HeaderMap::new();
    for (name, value) in lines.lines().skip(1).filter_map(|line| line.split_once(':')) {
        let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value.trim())) else { continue };
        if !OWN_HEADERS.contains(&name.as_str()) {
            headers.append(name, value);
        }
    }
    Ok(Recorded { headers, body: Bytes::copy_from_slice(response.body) })
}
