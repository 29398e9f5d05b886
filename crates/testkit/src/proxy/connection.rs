//! One connection through the proxy.

use std::io;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    join,
    net::{
        TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    select,
    sync::{mpsc, watch},
    time::{self, Instant},
    try_join,
};

use super::link::{Fate, Link, View};

const CHUNK_BYTES: usize = 16 * 1024;
/// How many chunks may be on their way in one direction; then its sender has to wait.
const MOST_CHUNKS: usize = 1024;

/// Connects a client to the server, and returns when the connection is over on all sides that are left.
pub(super) async fn connect(mut near: TcpStream, link: watch::Receiver<Link>) {
    let view = View::new(link);
    let mut far = None;
    let mut fate = select! {
        fate = view.until(&[Fate::Reset, Fate::HalfOpen]) => fate,
        fate = converse(&mut near, &mut far, &view) => fate,
    };
    if fate == Fate::Silent {
        fate = select! {
            fate = view.until(&[Fate::Reset, Fate::HalfOpen]) => fate,
            _ = async { join!(drain(Some(&mut near)), drain(far.as_mut())) } => Fate::Ended,
        };
    }
    if fate == Fate::HalfOpen {
        far = None;
        fate = select! {
            fate = view.until(&[Fate::Reset]) => fate,
            () = drain(Some(&mut near)) => Fate::Ended,
        };
    }
    if fate == Fate::Reset {
        for stream in [Some(near), far].into_iter().flatten() {
            // Lets the drop send a reset. A socket that refuses has been reset already.
            let _ = stream.set_zero_linger();
        }
    }
}

async fn converse(near: &mut TcpStream, far: &mut Option<TcpStream>, view: &View) -> Fate {
    if let Err(fate) = view.delay() {
        return fate;
    }
    let Ok(stream) = TcpStream::connect(view.server()).await else { return Fate::Reset };
    let far = far.insert(stream);
    if near.set_nodelay(true).and_then(|()| far.set_nodelay(true)).is_err() {
        return Fate::Reset;
    }
    let ((near_reader, near_writer), (far_reader, far_writer)) = (near.split(), far.split());
    let both = async { try_join!(carry(near_reader, far_writer, view), carry(far_reader, near_writer, view)) };
    both.await.map_or_else(|fate| fate, |_| Fate::Ended)
}

/// Carries one direction until its sender closes it, each chunk after its delay.
async fn carry(mut reader: ReadHalf<'_>, mut writer: WriteHalf<'_>, view: &View) -> Result<(), Fate> {
    let (sender, mut receiver) = mpsc::channel::<(Instant, Vec<u8>)>(MOST_CHUNKS);
    let read = async move {
        let mut buffer = vec![0; CHUNK_BYTES];
        loop {
            let count = reader.read(&mut buffer).await;
            // First, because in a network that loses everything even a close or a reset is lost.
            let due = Instant::now() + view.delay()?;
            let chunk = buffer[..count.map_err(reset)?].to_vec();
            let ended = chunk.is_empty();
            if sender.send((due, chunk)).await.is_err() || ended {
                return Ok(());
            }
        }
    };
    let write = async {
        while let Some((due, chunk)) = receiver.recv().await {
            // Even a sleep of nothing could take a millisecond.
            if due > Instant::now() {
                time::sleep_until(due).await;
            }
            view.delay()?;
            let written = if chunk.is_empty() { writer.shutdown().await } else { writer.write_all(&chunk).await };
            written.map_err(reset)?;
        }
        Ok(())
    };
    try_join!(read, write).map(drop)
}

fn reset(_: io::Error) -> Fate {
    Fate::Reset
}

/// Takes what comes, until nothing more can.
async fn drain(stream: Option<&mut TcpStream>) {
    let Some(stream) = stream else { return };
    let mut buffer = vec![0; CHUNK_BYTES];
    while matches!(stream.read(&mut buffer).await, Ok(count) if count > 0) {}
}
