//! Reads HTTP/1.1 responses from a connection that is kept open.

use std::ops::Range;

use tokio::io::{AsyncRead, AsyncReadExt};

/// Bodies of the measured queries are a few kilobytes.
const CAPACITY: usize = 32 << 10;
const MOST_HEADERS: usize = 64;

/// The bytes of a connection, one response after the other.
pub(crate) struct ResponseReader {
    buffer: Vec<u8>,
    filled: usize,
    /// Where the last response ended, and the next one begins.
    consumed: usize,
}

/// One whole response, in the bytes of its connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Response<'a> {
    /// The status code.
    pub(crate) status: u16,
    /// The status line and headers, up to and with the empty line.
    pub(crate) head: &'a [u8],
    /// The body.
    pub(crate) body: &'a [u8],
}

struct Parsed {
    status: u16,
    head: Range<usize>,
    body: Range<usize>,
}

impl ResponseReader {
    /// A reader of a new connection.
    pub(crate) fn new() -> Self {
        Self { buffer: vec![0; CAPACITY], filled: 0, consumed: 0 }
    }

    /// The next response. Costs one system call where the response comes in one piece.
    ///
    /// # Errors
    /// With what is wrong, when the connection ends or what it carries is no response with a `Content-Length`.
    pub(crate) async fn next(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> Result<Response<'_>, String> {
        self.buffer.copy_within(self.consumed..self.filled, 0);
        self.filled -= self.consumed;
        self.consumed = 0;
        let parsed = loop {
            if let Some(parsed) = parse(&self.buffer[..self.filled])? {
                if parsed.body.end <= self.filled {
                    break parsed;
                }
                self.make_room(parsed.body.end);
            } else if self.filled == self.buffer.len() {
                self.make_room(self.buffer.len() * 2);
            }
            let count = stream.read(&mut self.buffer[self.filled..]).await.map_err(|error| error.to_string())?;
            if count == 0 {
                return Err("the connection was closed before the answer was complete".to_owned());
            }
            self.filled += count;
        };
        self.consumed = parsed.body.end;
        Ok(Response { status: parsed.status, head: &self.buffer[parsed.head], body: &self.buffer[parsed.body] })
    }

    fn make_room(&mut self, size: usize) {
        if size > self.buffer.len() {
            self.buffer.resize(size, 0);
        }
    }
}

/// The response that `bytes` begin with, whose body may reach beyond them; none when its head does.
fn parse(bytes: &[u8]) -> Result<Option<Parsed>, String> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let head = match response.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(error) => return Err(format!("what came is no HTTP response: {error}")),
    };
    let length = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length: usize = length
        .and_then(|header| std::str::from_utf8(header.value).ok()?.trim().parse().ok())
        .ok_or("the response has no Content-Length, which the load generator needs")?;
    Ok(Some(Parsed { status: response.code.unwrap_or_default(), head: 0..head, body: head..head + length }))
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    const FIRST: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nCONTENT-LENGTH: 5\r\n\r\nfirst";
    const SECOND: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";

    #[tokio::test]
    async fn responses_are_read_however_they_are_split() {
        let both = [FIRST, SECOND].concat();
        for split in 0..both.len() {
            let (mut server, mut client) = tokio::io::duplex(both.len());
            let (before, after) = (both[..split].to_owned(), both[split..].to_owned());
            let writing = async {
                server.write_all(&before).await.unwrap();
                tokio::task::yield_now().await;
                server.write_all(&after).await.unwrap();
            };
            let reading = async {
                let mut reader = ResponseReader::new();
                let first = reader.next(&mut client).await.unwrap();
                assert_eq!((first.status, first.body), (200, &b"first"[..]), "split at {split}");
                assert!(first.head.ends_with(b"CONTENT-LENGTH: 5\r\n\r\n"));
                let second = reader.next(&mut client).await.unwrap();
                assert_eq!((second.status, second.body), (503, &b""[..]), "split at {split}");
            };
            tokio::join!(writing, reading);
        }
    }

    #[tokio::test]
    async fn a_body_larger_than_the_buffer_is_read() {
        let body = vec![b'x'; CAPACITY * 3];
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
        let bytes = [head.as_bytes(), &body, FIRST].concat();
        let mut reader = ResponseReader::new();
        let mut stream = &bytes[..];
        assert_eq!(reader.next(&mut stream).await.unwrap().body, body);
        assert_eq!(reader.next(&mut stream).await.unwrap().body, b"first");
    }

    #[tokio::test]
    async fn what_is_no_whole_response_is_an_error() {
        for (bytes, named) in [
            (&FIRST[..FIRST.len() - 1], "closed"),
            (b"HTTP/1.1 200 OK\r\n\r\n", "Content-Length"),
            (b"nonsense\r\n\r\n", "no HTTP response"),
        ] {
            let mut stream = bytes;
            let error = ResponseReader::new().next(&mut stream).await.unwrap_err();
            assert!(error.contains(named), "{error}");
        }
    }
}
