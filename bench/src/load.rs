//! The load generator: many connections on one thread, each with one request under way.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::future::try_join_all;
use futures::stream::FuturesUnordered;
use hdrhistogram::Histogram;
use rustix::time::{ClockId, clock_gettime};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time;

use crate::error::Error;
use crate::response::{Response, ResponseReader};

/// How long an answer may take before its connection is given up.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest latency that is told apart from longer ones.
const LONGEST: Duration = Duration::from_secs(60);

/// What is asked, and what is thought of the answers.
pub(crate) trait Script {
    /// What an answer is checked against.
    type Ticket;

    /// Appends the next request to `bytes`; none when nothing is left to ask.
    fn next(&mut self, bytes: &mut Vec<u8>, now: Instant) -> Option<Self::Ticket>;

    /// Checks the answer to the request that the ticket belongs to.
    fn check(&mut self, ticket: Self::Ticket, response: &Response<'_>, now: Instant) -> Verdict;
}

/// What is thought of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is what was expected.
    Right,
    /// It shows what was overwritten before it was asked for.
    Stale,
    /// It is something else.
    Wrong,
}

/// What came of a load.
#[derive(Debug)]
pub(crate) struct Load {
    /// For how long answers were counted.
    pub(crate) elapsed: Duration,
    /// The latencies in microseconds of the answers that came within that time.
    pub(crate) latencies: Histogram<u64>,
    /// How many answers came in all, with those that came later.
    pub(crate) answered: u64,
    /// How many connections broke.
    pub(crate) errors: u64,
    /// How many answers were wrong.
    pub(crate) wrong: u64,
    /// How many answers were stale.
    pub(crate) stale: u64,
    /// The first thing that went wrong, if anything did.
    pub(crate) complaint: Option<String>,
    /// The processor time of the generator itself.
    pub(crate) generator: Duration,
}

/// Keeps `connections` requests under way for that long, or until the script has nothing left to ask.
pub(crate) async fn run<S: Script>(
    port: u16,
    connections: usize,
    duration: Option<Duration>,
    script: &mut S,
) -> Result<Load, Error> {
    let streams = (0..connections).map(|_| connect(port));
    let streams = try_join_all(streams).await.map_err(Error::system("a connection to the server"))?;
    let cpu_before = thread_time();
    let begin = Instant::now();
    let end = duration.map(|duration| begin + duration);
    let state = RefCell::new(State { script, load: Load::new(), end, last: begin });
    let mut connections: FuturesUnordered<_> = streams.into_iter().map(|stream| drive(stream, &state)).collect();
    let all = async {
        while let Some(result) = connections.next().await {
            if let Err(complaint) = result {
                let load = &mut state.borrow_mut().load;
                load.errors += 1;
                load.complaint.get_or_insert(complaint);
            }
        }
    };
    let patience = duration.map_or(PATIENCE * 20, |duration| duration + PATIENCE);
    let in_time = time::timeout(patience, all).await;
    let unanswered = connections.len() as u64;
    drop(connections);
    let State { mut load, last, .. } = state.into_inner();
    if in_time.is_err() {
        load.errors += unanswered;
        load.complaint.get_or_insert(format!("{unanswered} answers did not come within {patience:?}"));
    }
    load.elapsed = duration.unwrap_or(last - begin);
    load.generator = thread_time().saturating_sub(cpu_before);
    Ok(load)
}

/// Sends one request over a connection of its own, and passes what comes back.
pub(crate) async fn ask<T>(port: u16, request: &[u8], look: impl FnOnce(Response<'_>) -> T) -> Result<T, String> {
    let exchange = async {
        let mut stream = connect(port).await.map_err(|error| error.to_string())?;
        stream.write_all(request).await.map_err(|error| error.to_string())?;
        let mut reader = ResponseReader::new();
        reader.next(&mut stream).await.map(look)
    };
    time::timeout(PATIENCE, exchange).await.unwrap_or_else(|_| Err(format!("no answer within {PATIENCE:?}")))
}

struct State<'a, S> {
    script: &'a mut S,
    load: Load,
    end: Option<Instant>,
    last: Instant,
}

impl Load {
    fn new() -> Self {
        let latencies = Histogram::new_with_bounds(1, LONGEST.as_micros() as u64, 3);
        let latencies = latencies.unwrap_or_else(|_| unreachable!("the bounds are a thousand apart"));
        Self {
            elapsed: Duration::ZERO,
            latencies,
            answered: 0,
            errors: 0,
            wrong: 0,
            stale: 0,
            complaint: None,
            generator: Duration::ZERO,
        }
    }
}

impl<S: Script> State<'_, S> {
    fn next(&mut self, bytes: &mut Vec<u8>) -> Option<(S::Ticket, Instant)> {
        let now = Instant::now();
        if self.end.is_some_and(|end| now >= end) {
            return None;
        }
        Some((self.script.next(bytes, now)?, now))
    }

    fn check(&mut self, ticket: S::Ticket, sent: Instant, response: &Response<'_>) {
        let now = Instant::now();
        let verdict = self.script.check(ticket, response, now);
        self.load.answered += 1;
        match verdict {
            Verdict::Right => {}
            Verdict::Stale => self.load.stale += 1,
            Verdict::Wrong => {
                self.load.wrong += 1;
                self.load.complaint.get_or_insert_with(|| {
                    let body = String::from_utf8_lossy(&response.body[..response.body.len().min(300)]);
                    format!("status {} and {body}", response.status)
                });
            }
        }
        self.last = now;
        if self.end.is_none_or(|end| now <= end) {
            self.load.latencies.saturating_record((now - sent).as_micros() as u64);
        }
    }
}

async fn connect(port: u16) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn drive<S: Script>(mut stream: TcpStream, state: &RefCell<State<'_, S>>) -> Result<(), String> {
    let mut reader = ResponseReader::new();
    let mut request = Vec::new();
    loop {
        request.clear();
        let Some((ticket, sent)) = state.borrow_mut().next(&mut request) else { return Ok(()) };
        stream.write_all(&request).await.map_err(|error| error.to_string())?;
        let response = reader.next(&mut stream).await?;
        state.borrow_mut().check(ticket, sent, &response);
    }
}

fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;

    use super::*;

    struct Countdown(u32);

    impl Script for Countdown {
        type Ticket = u32;

        fn next(&mut self, bytes: &mut Vec<u8>, _: Instant) -> Option<u32> {
            self.0 = self.0.checked_sub(1)?;
            bytes.extend(b"x");
            Some(self.0)
        }

        fn check(&mut self, ticket: u32, response: &Response<'_>, _: Instant) -> Verdict {
            match (response.body, ticket) {
                (_, 0) => Verdict::Stale,
                (b"ok", _) => Verdict::Right,
                _ => Verdict::Wrong,
            }
        }
    }

    /// Answers each byte: at first with `ok`, then with something else, and then no more.
    async fn serve(listener: TcpListener, right: usize, wrong: usize) {
        let (mut stream, _) = listener.accept().await.unwrap();
        for number in 0..right + wrong {
            stream.read_u8().await.unwrap();
            let body = if number < right { "ok" } else { "no" };
            stream.write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{body}").as_bytes()).await.unwrap();
        }
    }

    async fn load(right: usize, wrong: usize, requests: u32) -> Load {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut script = Countdown(requests);
        let (load, ()) = tokio::join!(run(port, 1, None, &mut script), serve(listener, right, wrong));
        load.unwrap()
    }

    #[tokio::test]
    async fn every_answer_is_counted_by_its_verdict() {
        let load = load(8, 2, 10).await;
        assert_eq!((load.answered, load.wrong, load.stale, load.errors), (10, 1, 1, 0));
        assert_eq!(load.latencies.len(), 10);
        assert!(load.complaint.unwrap().contains("no"));
    }

    #[tokio::test]
    async fn a_connection_that_breaks_is_an_error() {
        let load = load(3, 0, 10).await;
        assert_eq!((load.answered, load.errors), (3, 1));
    }
}
