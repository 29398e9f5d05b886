use std::pin::pin;
use std::sync::Arc;

use axum::BoxError;
use axum::body::{Bytes, HttpBody};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::refusal::Refusal;

/// What is no larger is not counted: of that, there is no more than connections and what is under way on each.
const SMALL: usize = 16 << 10;

/// How many bytes of bodies and of answers may be held at a time, from the first that comes until the last is sent. It is taken by bytes, and
/// not by requests, so that whoever sends slowly takes little.
#[derive(Clone, Debug)]
pub(super) struct Room(Arc<Semaphore>);

/// Bytes, and their part of the room.
struct Held {
    bytes: Bytes,
    _room: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Room {
    pub(super) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes.min(Semaphore::MAX_PERMITS))))
    }

    /// Reads a body of at most `limit` bytes, which has its room until it is dropped.
    pub(super) async fn read<B>(&self, body: B, limit: usize) -> Result<Bytes, Refusal>
    where
        B: HttpBody<Data = Bytes>,
        B::Error: Into<BoxError>,
    {
        let mut body = pin!(Limited::new(body, limit));
        let mut first = Bytes::new();
        let mut whole = Vec::new();
        let mut room = None;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| match error.is::<LengthLimitError>() {
                true => Refusal::too_large(limit),
                false => Refusal::malformed("the request body did not arrive"),
            })?;
            let Ok(data) = frame.into_data() else { continue };
            self.grow(&mut room, first.len() + whole.len() + data.len()).ok_or_else(Refusal::busy)?;
            // Nearly all come in one piece, which need not be copied.
            if first.is_empty() && whole.is_empty() {
                first = data;
            } else {
                whole.extend_from_slice(&std::mem::take(&mut first));
                whole.extend_from_slice(&data);
            }
        }
        let bytes = if whole.is_empty() { first } else { whole.into() };
        Ok(held(bytes, room))
    }

    /// Has an answer take its room until it is sent. Where there is none, it is given back.
    pub(super) fn keep(&self, answer: Vec<u8>) -> Result<Bytes, Vec<u8>> {
        let mut room = None;
        match self.grow(&mut room, answer.len()) {
            Some(()) => Ok(held(answer.into(), room)),
            None => Err(answer),
        }
    }

    /// Has `room` be that of so many bytes, if there is as much.
    fn grow(&self, room: &mut Option<OwnedSemaphorePermit>, bytes: usize) -> Option<()> {
        if bytes <= SMALL {
            return Some(());
        }
        let more = bytes - room.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = Arc::clone(&self.0).try_acquire_many_owned(u32::try_from(more).ok()?).ok()?;
        match room {
            Some(room) => room.merge(more),
            None => *room = Some(more),
        }
        Some(())
    }
}

fn held(bytes: Bytes, room: Option<OwnedSemaphorePermit>) -> Bytes {
    match room {
        Some(room) => Bytes::from_owner(Held { bytes, _room: room }),
        None => bytes,
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use futures::stream;

    use super::*;

    /// A body that comes in pieces of this size.
    fn body(pieces: usize, size: usize) -> Body {
        Body::from_stream(stream::iter((0..pieces).map(move |_| Ok::<_, BoxError>(vec![b'x'; size]))))
    }

    #[tokio::test]
    async fn what_is_read_takes_room_until_it_is_dropped() {
        let room = Room::new(100_000);
        let one = room.read(body(6, 10_000), 1 << 20).await.unwrap();
        assert_eq!(one.len(), 60_000);
        assert!(room.read(body(6, 10_000), 1 << 20).await.is_err(), "there is no room for two");
        assert_eq!(room.0.available_permits(), 40_000, "what is refused gives its room back");
        drop(one);
        assert_eq!(room.0.available_permits(), 100_000);
        assert!(room.read(body(6, 10_000), 1 << 20).await.is_ok());
    }

    #[tokio::test]
    async fn what_is_small_needs_no_room() {
        let room = Room::new(0);
        assert_eq!(room.read(body(16, 1_000), 1 << 20).await.unwrap().len(), 16_000);
        assert_eq!(room.keep(vec![0; SMALL]).unwrap().len(), SMALL);
        assert!(room.keep(vec![0; SMALL + 1]).is_err());
    }

    #[tokio::test]
    async fn an_answer_takes_room_until_the_last_of_it_is_sent() {
        let room = Room::new(100_000);
        let answer = room.keep(vec![0; 80_000]).unwrap();
        let rest = answer.slice(70_000..);
        drop(answer);
        assert_eq!(room.0.available_permits(), 20_000);
        drop(rest);
        assert_eq!(room.0.available_permits(), 100_000);
    }

    #[tokio::test]
    async fn a_body_that_is_too_large_is_refused() {
        assert!(Room::new(1 << 20).read(body(3, 10), 29).await.is_err());
        assert_eq!(Room::new(1 << 20).read(body(3, 10), 30).await.unwrap(), vec![b'x'; 30]);
    }
}
