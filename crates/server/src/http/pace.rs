use std::collections::HashMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::Version;
use axum::response::Response;
use futures::FutureExt;
use hyper::body::{Frame, SizeHint};
use parking_lot::Mutex;
use tokio::time::sleep;

/// How much of an answer is handed over at a time. What a client has let come is told by what is asked for next.
const PIECE: usize = 16 << 10;
/// How often it is looked for clients that are too slow, in parts of what they may take.
const LOOKS: u32 = 4;

/// What is under way on one connection of HTTP/2, which its client may keep open without taking anything: as long as it answers pings, neither
/// hyper nor the socket tell. In HTTP/1.1 the socket tells, and hyper.
#[derive(Debug)]
pub(super) struct Pace {
    limit: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    next: u64,
    /// The requests under way: since when their clients take nothing of the answer, if there is one.
    under_way: HashMap<u64, Option<Instant>>,
    /// Since when there is none any more.
    idle: Option<Instant>,
}

/// A request that is under way, until its answer is taken whole.
#[derive(Debug)]
struct UnderWay {
    pace: Arc<Pace>,
    number: u64,
}

impl Pace {
    /// `limit` is how long nothing may happen.
    pub(super) fn new(limit: Duration) -> Arc<Self> {
        let state = State { next: 0, under_way: HashMap::new(), idle: None };
        Arc::new(Self { limit, state: Mutex::new(state) })
    }

    /// Follows what is answered to a request of this version until it is taken.
    pub(super) fn follow<F>(
        self: &Arc<Self>,
        version: Version,
        answering: F,
    ) -> impl Future<Output = Result<Response, Infallible>> + use<F>
    where
        F: Future<Output = Response>,
    {
        let under_way = (version == Version::HTTP_2).then(|| UnderWay::begin(Arc::clone(self)));
        answering.map(|response| match under_way {
            Some(under_way) => Ok(response.map(|body| under_way.follow(body))),
            None => Ok(response),
        })
    }

    /// Returns when nothing has happened for too long.
    pub(super) async fn lost(&self) {
        loop {
            sleep(self.limit / LOOKS).await;
            let state = self.state.lock();
            let is_late = |since: &Instant| since.elapsed() >= self.limit;
            if state.under_way.values().flatten().chain(&state.idle).any(is_late) {
                return;
            }
        }
    }
}

impl UnderWay {
    fn begin(pace: Arc<Pace>) -> Self {
        let mut state = pace.state.lock();
        state.idle = None;
        state.next += 1;
        let number = state.next;
        state.under_way.insert(number, None);
        drop(state);
        Self { pace, number }
    }

    /// Something of the answer is taken, or there is one.
    fn advance(&self) {
        self.pace.state.lock().under_way.insert(self.number, Some(Instant::now()));
    }

    fn follow(self, body: Body) -> Body {
        // What comes little by little has limits of its own.
        let is_timed = body.size_hint().exact().is_some();
        if is_timed {
            self.advance();
        }
        Body::new(Followed { body, rest: Bytes::new(), under_way: Arc::new(self), is_timed })
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut state = self.pace.state.lock();
        state.under_way.remove(&self.number);
        if state.under_way.is_empty() {
            state.idle = Some(Instant::now());
        }
    }
}

/// The body of an answer, in pieces.
struct Followed {
    body: Body,
    rest: Bytes,
    under_way: Arc<UnderWay>,
    is_timed: bool,
}

/// A piece, which is kept until it has been sent.
struct Piece {
    bytes: Bytes,
    under_way: Arc<UnderWay>,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.under_way.advance();
    }
}

impl HttpBody for Followed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.get_mut();
        if this.rest.is_empty() {
            match ready!(Pin::new(&mut this.body).poll_frame(context)).transpose()?.map(Frame::into_data) {
                Some(Ok(data)) => this.rest = data,
                Some(Err(other)) => return Poll::Ready(Some(Ok(other))),
                None => return Poll::Ready(None),
            }
        }
        let bytes = this.rest.split_to(this.rest.len().min(PIECE));
        if !this.is_timed {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        this.under_way.advance();
        let piece = Piece { bytes, under_way: Arc::clone(&this.under_way) };
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_owner(piece)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        match self.body.size_hint().exact() {
            Some(left) => SizeHint::with_exact(left + self.rest.len() as u64),
            None => SizeHint::default(),
        }
    }
}
