//! Honest requests beside hostile ones.

use std::thread;
use std::time::{Duration, Instant};

use futures::future::join_all;
use tidewater_testkit::hostile::{Hostile, KINDS, Sent, hostile};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::time::{sleep_until, timeout};

use crate::environment::Environment;
use crate::error::Error;
use crate::load;
use crate::measurement::{Measurement, Meter};
use crate::script::RandomReads;
use crate::session::{Amount, todos};
use crate::system::System;

/// The cells of all kinds together, and of nothing hostile.
pub(crate) const TOGETHER: [&str; 2] = ["W7/alone", "W7/hostile"];
/// The cells of each kind by itself.
pub(crate) const EACH: [&str; 13] = [
    "W7/body",
    "W7/document",
    "W7/variable",
    "W7/header",
    "W7/query-string",
    "W7/batch",
    "W7/elsewhere",
    "W7/no-http",
    "W7/stream",
    "W7/cross-site",
    "W7/compressed",
    "W7/http2",
    "W7/half-open",
];

/// How many hostile requests are sent each second, evenly. All are sent, even if that takes longer than the measurement.
const EACH_SECOND: u32 = 100;
/// How many people send them.
const CLIENTS: usize = 12;
/// How many connections honest requests come on: few enough that latencies are not those of saturation.
const HONEST: usize = 16;
/// How long a hostile request may keep its sender.
const PATIENCE: Duration = Duration::from_secs(5);

/// The names of these cells with the kinds that are sent in each, in another order in each round.
pub(crate) fn in_order(cells: &[&'static str], round: usize) -> Vec<(&'static str, &'static [&'static str])> {
    let names = cells.iter().filter_map(|cell| cell.split_once('/')).map(|(_, name)| name);
    let mut cells: Vec<_> = names.map(|name| (name, kinds(name))).collect();
    let count = cells.len();
    cells.rotate_left(round % count);
    cells
}

fn kinds(name: &str) -> &'static [&'static str] {
    match name {
        "alone" => &[],
        "hostile" => &KINDS,
        name => KINDS.iter().position(|kind| *kind == name).map_or(&[], |place| &KINDS[place..=place]),
    }
}

/// Measures W1 with hostile requests of these kinds beside it.
pub(crate) async fn measure(
    environment: &mut Environment,
    system: &System,
    amount: Amount,
    round: usize,
    kinds: &'static [&'static str],
) -> Result<Measurement, Error> {
    environment.reset().await?;
    let server = system.start(environment, amount.connections).await?;
    let requester = system.requester(environment, server.port());
    let reads = todos(environment, system, &requester).await?;
    let mut script = RandomReads::new(&reads, round as u64);
    load::run(server.port(), HONEST, Some(amount.warm_up), &mut script).await?;
    let meter = Meter::begin(environment, server.process()).await?;
    let (port, token, duration) = (server.port(), requester.token().to_owned(), amount.duration);
    let attack = thread::spawn(move || attack(port, &token, duration, kinds));
    let load = load::run(server.port(), HONEST, Some(duration), &mut script).await?;
    let measurement = meter.end(environment, load).await?;
    let complaints = attack.join().map_err(|_| server.gone("the attack ended in a panic".to_owned()))?;
    let errors = measurement.errors + complaints.len() as u64;
    Ok(Measurement { errors, complaint: measurement.complaint.or(complaints.into_iter().next()), ..measurement })
}

/// Sends hostile requests for that long, on a thread of its own, and returns what the server is to be blamed for.
fn attack(port: u16, token: &str, duration: Duration, kinds: &[&str]) -> Vec<String> {
    let requests = (0..).map(|number| hostile(number, token)).filter(|request| kinds.contains(&request.what));
    let count = if kinds.is_empty() { 0.0 } else { duration.as_secs_f64() * f64::from(EACH_SECOND) };
    let requests: Vec<_> = requests.take(count as usize).map(rendered).collect();
    let runtime = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return vec![error.to_string()],
    };
    let begin = Instant::now();
    let clients = (0..CLIENTS).map(async |client| {
        let mut complaints = Vec::new();
        let mut held = Vec::new();
        for (number, (what, hostility)) in requests.iter().enumerate().skip(client).step_by(CLIENTS) {
            sleep_until((begin + Duration::from_secs(number as u64) / EACH_SECOND).into()).await;
            match hostility {
                Hostility::Sent(bytes) => {
                    let told = timeout(PATIENCE, send(port, bytes)).await.ok().flatten();
                    complaints.extend(told.map(|told| format!("{what}: {told}")));
                }
                Hostility::Held(bytes) => held.extend(keep_open(port, bytes).await),
            }
        }
        complaints
    });
    runtime.block_on(join_all(clients)).concat()
}

/// What comes over a connection.
enum Hostility {
    /// These bytes, and then its end.
    Sent(Vec<u8>),
    /// These bytes, and then nothing until the attack is over.
    Held(Vec<u8>),
}

/// The bytes of a request.
fn rendered(request: Hostile) -> (&'static str, Hostility) {
    let bytes = match request.sent {
        Sent::Held(bytes) => return (request.what, Hostility::Held(bytes)),
        Sent::Bytes(bytes) => bytes,
        Sent::Request { method, path, headers, body } => {
            let mut bytes = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n").into_bytes();
            for (name, value) in headers {
                bytes.extend([name.as_bytes(), b": ", &value, b"\r\n"].concat());
            }
            bytes.extend(format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes());
            bytes.extend(body);
            bytes
        }
    };
    (request.what, Hostility::Sent(bytes))
}

/// Opens a connection that stays open, and begins with these bytes.
async fn keep_open(port: u16, bytes: &[u8]) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    let _ = stream.write_all(bytes).await;
    Some(stream)
}

/// Sends a request, and returns what the answer says if the server is at fault. That it breaks the connection is its right.
async fn send(port: u16, bytes: &[u8]) -> Option<String> {
    let mut stream = keep_open(port, bytes).await?;
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    answer.starts_with(b"HTTP/1.1 5").then(|| String::from_utf8_lossy(&answer).chars().take(300).collect())
}
