use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use prometheus_client::encoding::{prometheus_text, text};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::sources::{Sources, registry};
use crate::configuration::Networks;
use crate::http::{Bounds, accept_until, ranges, shield};

/// Where it is served.
const PATH: &str = "/metrics";

/// Few ask, and now and then.
const BOUNDS: Bounds<'_> = Bounds {
    connections: 32,
    client_connections: 32,
    proxies: &Networks(Vec::new()),
    idle_timeout: Duration::from_secs(10),
    max_header: 16 << 10,
};

/// How many may wait to be accepted.
const BACKLOG: u32 = 32;

/// How many answers are made at once. Each holds all that is told as a text.
const AT_ONCE: usize = 2;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long what is under way may take when the process ends.
const ENDING: Duration = Duration::from_secs(1);

const OPEN_METRICS: &str = "application/openmetrics-text";
const TEXT: &str = "text/plain";

/// An address that is listened on, and not yet answered at.
pub(crate) struct Endpoint(TcpListener);

/// Answers until it is stopped.
pub(crate) struct Serving {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// What an answer is made from.
struct Answering {
    sources: Arc<Sources>,
    turns: Semaphore,
}

impl Endpoint {
    /// Begins to listen on `address`, by a socket that is bound to it.
    pub(crate) fn listen(socket: TcpSocket) -> io::Result<Self> {
        socket.listen(BACKLOG).map(Self)
    }

    /// Which address that is.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// Begins to answer.
    pub(crate) fn serve(self, sources: Sources) -> Serving {
        let (stop, stopped) = oneshot::channel();
        let answering = Arc::new(Answering { sources: Arc::new(sources), turns: Semaphore::new(AT_ONCE) });
        let answer = move |request: Request<Incoming>, _| {
            let answering = Arc::clone(&answering);
            async move { answering.answer(request).await }
        };
        let task = tokio::spawn(async move {
            let stop = async {
                // Dropped or told, it is over.
                let _ = stopped.await;
            };
            let connections = accept_until(stop, self.0, BOUNDS, answer).await;
            let _ = timeout(ENDING, connections.shutdown()).await;
        });
        Serving { stop, task }
    }
}

impl Serving {
    /// Accepts nothing more, and waits a moment for what is under way.
    pub(crate) async fn stop(self) {
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

impl Answering {
    async fn answer(&self, request: Request<Incoming>) -> Response {
        let mut response = match (request.uri().path(), request.method()) {
            (PATH, &Method::GET | &Method::HEAD) => match timeout(PATIENCE, self.tell(request.headers())).await {
                Ok(told) => told,
                Err(_) => StatusCode::GATEWAY_TIMEOUT.into_response(),
            },
            (PATH, _) => (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET, HEAD")]).into_response(),
            _ => (StatusCode::NOT_FOUND, "metrics are at /metrics\n").into_response(),
        };
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        // Who has been answered asks again in a quarter of a minute, and would keep others out until then.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        shield(response.headers_mut());
        response
    }

    async fn tell(&self, headers: &HeaderMap) -> Response {
        let Ok(_turn) = self.turns.acquire().await else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
        let registry = registry(&self.sources).await;
        let mut told = String::new();
        let (encoded, kind) = match wants_open_metrics(headers) {
            true => (text::encode(&mut told, &registry), "application/openmetrics-text; version=1.0.0; charset=utf-8"),
            false => (prometheus_text::encode(&mut told, &registry), prometheus_text::CONTENT_TYPE),
        };
        match encoded {
            Ok(()) => ([(CONTENT_TYPE, kind)], Body::from(told)).into_response(),
            Err(error) => {
                tracing::error!(%error, "metrics cannot be written");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

/// Whether the form of OpenMetrics is asked for by name, and no less than the older one. Whoever takes anything gets that, which all can
/// read.
fn wants_open_metrics(headers: &HeaderMap) -> bool {
    let weight = |kind: &str| {
        let named = ranges(headers).filter(|range| range.kind.eq_ignore_ascii_case(kind));
        named.map(|range| range.weight).max().unwrap_or_default()
    };
    let open_metrics = weight(OPEN_METRICS);
    open_metrics > 0 && open_metrics >= weight(TEXT)
}

#[cfg(test)]
mod tests {
    use axum::http::header::ACCEPT;

    use super::*;

    #[test]
    fn open_metrics_is_for_who_names_it() {
        let wants = |accept: &'static str| {
            wants_open_metrics(&[(ACCEPT, HeaderValue::from_static(accept))].into_iter().collect())
        };
        let prometheus = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1";
        assert!(wants(prometheus) && wants("Application/OpenMetrics-Text"));
        assert!(!wants("text/plain, application/openmetrics-text;q=0.5"));
        assert!(!wants("*/*") && !wants("text/plain") && !wants("application/openmetrics-text;q=0"));
        assert!(!wants_open_metrics(&HeaderMap::new()));
    }
}
