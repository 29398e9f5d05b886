//! Accepts connections and speaks HTTP/1.1 on them, or HTTP/2 where the client begins with it. TLS is the business of the proxy in
//! front.

use std::cell::Cell;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::Request;
use axum::response::Response;
use futures::future::join;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::Front;
use super::lazy_timer::LazyTimer;
use super::opening::Opening;
use super::pace::Pace;
use super::shares::{Share, Shares};
use super::stall::Stall;
use crate::configuration::{Configuration, Networks};
use crate::shutdown::Signals;

/// How many requests may be under way on one HTTP/2 connection.
const STREAMS: u32 = 128;
/// How many fields the header of a request may have in HTTP/1.1; in HTTP/2 only their size is limited.
const FIELDS: usize = 100;
/// How long a client of HTTP/2 that has been silent may take to show that it is there.
const SILENCE: Duration = Duration::from_secs(10);

/// What a listener takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds<'a> {
    /// How many connections may be open. Further ones wait.
    pub(crate) connections: usize,
    /// How many of them may be from one address or network. Further ones are closed.
    pub(crate) client_connections: usize,
    /// Who may have more than that: their connections are other people's.
    pub(crate) proxies: &'a Networks,
    /// How long a connection may be silent, or its client take nothing.
    pub(crate) idle_timeout: Duration,
    /// The largest header of a request, its URL included.
    pub(crate) max_header: usize,
}

/// Serves `front` on `listener` until a signal comes. Then accepts nothing more, closes what is idle, and lets what is under way
/// end, for at most `grace` or until the next signal. Returns whether all of it ended.
pub(crate) async fn serve(
    listener: TcpListener,
    front: Front,
    configuration: &Configuration,
    signals: &mut Signals,
    grace: Duration,
) -> bool {
    let Configuration { limits, rates, .. } = configuration;
    let bounds = Bounds {
        connections: limits.max_connections,
        client_connections: limits.max_client_connections,
        proxies: &rates.trusted_proxies,
        idle_timeout: limits.idle_timeout,
        max_header: limits.max_header,
    };
    let answering = front.clone();
    let answer = move |request, peer| answering.answer(request, peer);
    let connections = accept_until(signals.next(), listener, bounds, answer).await;
    tracing::info!(connections = connections.count(), "stopping; what is under way is finished first");

    tokio::select! {
        ended = timeout(grace, join(connections.shutdown(), front.stop_streams())) => ended.is_ok(),
        () = signals.next() => false,
    }
}

/// Answers the requests that come on `listener` until `stop` returns. Then accepts nothing more, and returns what is open.
pub(crate) async fn accept_until<A, F>(
    stop: impl Future<Output = ()>,
    listener: TcpListener,
    bounds: Bounds<'_>,
    answer: A,
) -> GracefulShutdown
where
    A: Fn(Request<Incoming>, IpAddr) -> F + Clone + Send + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    let mut builder = Builder::new(TokioExecutor::new());
    // Without a timer, hyper lets a header take forever. The time to the next header bounds idle connections, too.
    builder.http1().header_read_timeout(bounds.idle_timeout);
    builder.http1().max_headers(FIELDS).max_buf_size(bounds.max_header);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(STREAMS);
    builder.http2().max_header_list_size(u32::try_from(bounds.max_header).unwrap_or(u32::MAX));
    builder.http2().keep_alive_interval(bounds.idle_timeout).keep_alive_timeout(SILENCE);
    let capacity = Arc::new(Semaphore::new(bounds.connections.min(Semaphore::MAX_PERMITS)));
    let clients = Clients::new(&bounds);
    let connections = GracefulShutdown::new();
    tokio::pin!(stop);

    loop {
        let accepted = async {
            let permit = Arc::clone(&capacity).acquire_owned().await;
            (permit, accept(&listener).await)
        };
        let (permit, (stream, peer)) = tokio::select! {
            accepted = accepted => accepted,
            () = &mut stop => return connections,
        };
        let Some(share) = clients.admit(peer) else { continue };
        let answer = answer.clone();
        let pace = Pace::new(bounds.idle_timeout);
        let following = Arc::clone(&pace);
        let service = service_fn(move |request: Request<Incoming>| {
            let version = request.version();
            following.follow(version, answer(request, peer))
        });
        let stream = Opening::new(Stall::new(stream, bounds.idle_timeout), bounds.idle_timeout);
        let mut builder = builder.clone();
        builder.http1().timer(LazyTimer::default());
        let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            tokio::select! {
                ended = connection => if let Err(error) = ended {
                    tracing::debug!(error, "a connection ended early");
                },
                () = pace.lost() => tracing::debug!("a connection is given up, on which nothing happens"),
            }
            drop((permit, share));
        });
    }
}

/// How many connections each client has.
struct Clients<'a> {
    shares: Shares,
    proxies: &'a Networks,
    has_warned: Cell<bool>,
}

impl<'a> Clients<'a> {
    fn new(bounds: &Bounds<'a>) -> Self {
        Self { shares: Shares::new(bounds.client_connections), proxies: bounds.proxies, has_warned: Cell::new(false) }
    }

    /// Leave for one more connection from `peer`: none if it has all that it may have; no share of anything if it is a proxy.
    fn admit(&self, peer: IpAddr) -> Option<Option<Share>> {
        let peer = peer.to_canonical();
        if self.proxies.contain(peer) {
            return Some(None);
        }
        let share = self.shares.take(peer.into());
        if share.is_none() && !self.has_warned.replace(true) {
            tracing::warn!(
                %peer,
                "connections are closed, of which one client has too many: if it is a proxy, name it in TIDEWATER_TRUSTED_PROXIES"
            );
        }
        share.map(Some)
    }
}

/// The next connection, and where it comes from. A client that gives up while it is accepted is skipped; when the process has too many files open, waiting
/// for one to be closed is all that can be done.
async fn accept(listener: &TcpListener) -> (TcpStream, IpAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Answers are written whole; waiting to fill a packet would only delay them.
                let _ = stream.set_nodelay(true);
                return (stream, peer.ip());
            }
            Err(error) if is_of_the_client(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted");
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

fn is_of_the_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
