//! A network between a client and a server that fails on demand.

mod connection;
mod link;

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::{net, runtime, select, sync::watch, task::JoinSet};
use url::Url;

use self::{
    connection::connect,
    link::{Link, Weather},
};

/// Further connections wait to be accepted.
const MOST_CONNECTIONS: usize = 1024;

/// A TCP proxy on 127.0.0.1 in front of a server, to which it is a network that breaks on demand.
///
/// It runs on a thread of its own, so it goes on while the test blocks its runtime. Each fault is in force when its
/// method returns, for open connections and for new ones; bytes that are on their way at that moment may fall on
/// either side of it. Dropping the proxy closes its connections.
pub struct Proxy {
    address: SocketAddr,
    link: Option<watch::Sender<Link>>,
    accepted: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Proxy {
    /// A proxy in front of `server`: an address such as `127.0.0.1:6379`, or a URL with one.
    pub fn start(server: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("127.0.0.1 has a free port");
        let address = listener.local_addr().expect("a listener has an address");
        listener.set_nonblocking(true).expect("a listener need not block");
        let (sender, receiver) = watch::channel(Link::new(address_of(server)));
        let accepted = Arc::<AtomicU64>::default();
        let count = Arc::clone(&accepted);
        let thread = thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
            runtime.block_on(accept(listener, receiver, &count));
        });
        Self { address, link: Some(sender), accepted, thread: Some(thread) }
    }

    /// Where clients connect to, the same for as long as the proxy lives: `127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// The URL of the server, changed to lead through the proxy.
    pub fn url_of(&self, url: &str) -> String {
        let mut url = parse(url);
        url.set_host(Some("127.0.0.1")).unwrap_or_else(|error| panic!("{error}: {url}"));
        url.set_port(Some(self.address.port())).unwrap_or_else(|()| panic!("a URL without a port: {url}"));
        url.to_string()
    }

    /// How many connections clients have made so far, whatever became of them.
    pub fn connections(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Lets each chunk of bytes arrive so much later, in both directions. The order is kept, and chunks that follow one
    /// another travel at the same time.
    pub fn delay(&self, delay: Duration) {
        self.change(|link| link.delay = delay);
    }

    /// Loses every byte, in both directions, and even that a side has closed. Connections stay open, and new ones are
    /// accepted.
    pub fn swallow(&self) {
        self.change(|link| link.weather = Weather::Swallowing);
    }

    /// Resets every connection, now and as soon as one is made.
    pub fn cut(&self) {
        self.change(|link| {
            link.weather = Weather::Cut;
            link.cuts += 1;
        });
    }

    /// Closes each connection towards the server only: clients keep theirs, on which nothing ever comes again. New
    /// connections are [swallowed](Self::swallow).
    pub fn half_open(&self) {
        self.change(|link| {
            link.weather = Weather::Swallowing;
            link.half_opens += 1;
        });
    }

    /// Ends the faults: new connections work, and so do open ones to which nothing has happened.
    ///
    /// A connection that was made or has lost bytes meanwhile stays silent for ever, as one whose peer has died.
    pub fn mend(&self) {
        self.change(|link| {
            link.weather = Weather::Clear;
            link.delay = Duration::ZERO;
        });
    }

    /// Resets every connection and leads new ones to another server, as a failover does.
    pub fn redirect(&self, server: &str) {
        self.change(|link| {
            link.server = address_of(server);
            link.cuts += 1;
        });
    }

    fn change(&self, change: impl FnOnce(&mut Link)) {
        self.link.as_ref().expect("the sender is held until the drop").send_modify(change);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.link.take());
        // A thread that panicked has said why.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Accepts connections until the sender of `link` is dropped.
async fn accept(listener: TcpListener, mut link: watch::Receiver<Link>, accepted: &AtomicU64) {
    let listener = net::TcpListener::from_std(listener).expect("the listener can be polled");
    let source = link.clone();
    let mut connections = JoinSet::new();
    loop {
        select! {
            _ = link.wait_for(|_| false) => return,
            Some(_) = connections.join_next() => {}
            connection = listener.accept(), if connections.len() < MOST_CONNECTIONS => {
                let (stream, _) = connection.unwrap_or_else(|error| panic!("the proxy cannot accept: {error}"));
                accepted.fetch_add(1, Ordering::Relaxed);
                connections.spawn(connect(stream, source.clone()));
            }
        }
    }
}

fn address_of(server: &str) -> String {
    if !server.contains("://") {
        return server.to_owned();
    }
    let url = parse(server);
    let usual = match url.scheme() {
        "postgres" | "postgresql" => Some(5432),
        "redis" => Some(6379),
        _ => url.port_or_known_default(),
    };
    let port = url.port().or(usual).unwrap_or_else(|| panic!("a URL without a port: {server}"));
    format!("{}:{port}", url.host_str().unwrap_or_else(|| panic!("a URL without a host: {server}")))
}

fn parse(url: &str) -> Url {
    Url::parse(url).unwrap_or_else(|error| panic!("{error}: {url}"))
}
