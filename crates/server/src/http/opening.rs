use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// What a client begins with that speaks HTTP/2 (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A connection on which the bytes that tell its protocol have to come in time. Whoever looks for them waits for as long as it
/// takes; from then on each protocol has limits of its own.
pub(super) struct Opening<S> {
    stream: S,
    awaited: Option<Awaited>,
}

struct Awaited {
    /// How much of the preface has come.
    matched: usize,
    deadline: Pin<Box<Sleep>>,
}

impl<S> Opening<S> {
    pub(super) fn new(stream: S, limit: Duration) -> Self {
        Self { stream, awaited: Some(Awaited { matched: 0, deadline: Box::pin(sleep(limit)) }) }
    }
}

impl Awaited {
    /// Whether the protocol is still unknown after `bytes` have come; none of them is the end of the stream.
    fn goes_on(&mut self, bytes: &[u8]) -> bool {
        let is_preface = !bytes.is_empty() && PREFACE[self.matched..].starts_with(bytes);
        self.matched += bytes.len();
        is_preface && self.matched < PREFACE.len()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Opening<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let polled = Pin::new(&mut this.stream).poll_read(context, buffer);
        let Some(awaited) = &mut this.awaited else { return polled };
        if polled.is_pending() {
            return awaited.deadline.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()));
        }
        if !awaited.goes_on(&buffer.filled()[before..]) {
            this.awaited = None;
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Opening<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::timeout;

    use super::*;

    const LIMIT: Duration = Duration::from_millis(50);
    const LONGER: Duration = Duration::from_millis(200);
    const FOREVER: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn what_does_not_tell_its_protocol_in_time_is_given_up() {
        for begun in [&b""[..], b"P", &PREFACE[..23]] {
            let (mut client, server) = duplex(64);
            client.write_all(begun).await.unwrap();
            let mut opening = Opening::new(server, LIMIT);
            let mut answer = Vec::new();
            let ended = timeout(FOREVER, opening.read_to_end(&mut answer)).await.expect("it waits on");
            assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::TimedOut);
            assert_eq!(answer, begun);
        }
    }

    #[tokio::test]
    async fn what_has_told_its_protocol_may_take_its_time() {
        for begun in [PREFACE, b"GET / HTTP/1.1\r\n\r\n", b"PRO"] {
            let (mut client, server) = duplex(64);
            client.write_all(begun).await.unwrap();
            let mut opening = Opening::new(server, LIMIT);
            assert!(timeout(LONGER, opening.read_to_end(&mut Vec::new())).await.is_err(), "it was given up");
        }
    }
}
