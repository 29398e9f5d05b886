//! Reading event streams (HTML, section 9.2.6, "Interpreting an event stream"), as far as GraphQL over them goes.

/// How many bytes of an event are read. A change is of a few hundred.
const LARGEST: usize = 1 << 20;

/// What a stream tells.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A response, in JSON.
    Next(String),
    /// There is no more.
    Complete,
}

/// Makes events of the pieces that a stream comes in.
#[derive(Default)]
pub(crate) struct Reader {
    buffer: Vec<u8>,
    kind: String,
    data: String,
}

impl Reader {
    /// Takes a piece. False if the stream cannot be one of these.
    #[must_use]
    pub(crate) fn push(&mut self, piece: &[u8]) -> bool {
        self.buffer.extend_from_slice(piece);
        self.buffer.len() + self.data.len() <= LARGEST
    }

    /// The next event that is complete. Comments, and events of other kinds, are passed over.
    pub(crate) fn next(&mut self) -> Option<Event> {
        while let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.buffer.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches(['\r', '\n']);
            if line.is_empty() {
                if let Some(event) = self.event() {
                    return Some(event);
                }
                continue;
            }
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => self.kind = value.to_owned(),
                "data" if self.data.is_empty() => self.data = value.to_owned(),
                "data" => self.data = [self.data.as_str(), value].join("\n"),
                _ => {}
            }
        }
        None
    }

    fn event(&mut self) -> Option<Event> {
        let data = std::mem::take(&mut self.data);
        match std::mem::take(&mut self.kind).as_str() {
            "next" => Some(Event::Next(data)),
            "complete" => Some(Event::Complete),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = ":\n\nevent: next\ndata: {\"a\":\ndata: 1}\n\n:\n\nevent: next\r\nid: 7\r\ndata:é\r\n\r\nevent: other\ndata: x\n\n\
                          event: complete\ndata: \n\n";

    #[test]
    fn events_are_the_same_in_whatever_pieces_they_come() {
        let expected = [Event::Next("{\"a\":\n1}".to_owned()), Event::Next("é".to_owned()), Event::Complete];
        for size in [1, 2, 3, 7, STREAM.len()] {
            let (mut reader, mut events) = (Reader::default(), Vec::new());
            for piece in STREAM.as_bytes().chunks(size) {
                assert!(reader.push(piece));
                while let Some(event) = reader.next() {
                    events.push(event);
                }
            }
            assert_eq!(events, expected, "in pieces of {size}");
        }
    }

    #[test]
    fn a_stream_that_never_ends_a_line_or_an_event_is_given_up() {
        let piece = [&b"data: "[..], &[b'a'; 8_000][..]].concat();
        for piece in [piece.clone(), [&piece[..], b"\n"].concat()] {
            let mut reader = Reader::default();
            let mut pushed = 0;
            while reader.push(&piece) {
                assert_eq!(reader.next(), None);
                pushed += piece.len();
                assert!(pushed <= 2 * LARGEST, "it is read on and on");
            }
        }
    }
}
