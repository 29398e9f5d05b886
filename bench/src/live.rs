//! What live queries cost: how much memory each takes that is open, and how much work a change is that concerns none of them, one, or
//! all.

use std::time::{Duration, Instant};

use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::accounting::{processor_time, resident_memory};
use crate::cli::LiveOptions;
use crate::dataset::TODOS;
use crate::environment::Environment;
use crate::error::Error;
use crate::run;
use crate::server::Server;
use crate::statistics::Spread;
use crate::system::{Cache, Store, System};

const QUERY: &str = "query Live($id: ID!) @live { todo(id:$id){ id text completed user{ id name } } }";

/// The default of `TIDEWATER_MAX_SOCKET_OPERATIONS`.
const OF_A_SOCKET: usize = 64;

/// How long it may take until everybody has an answer.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long the server may go on with what a change has caused before what it costs is read.
const AFTERMATH: Duration = Duration::from_millis(200);

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A connection with some live queries.
struct Client {
    sender: SplitSink<Stream, Message>,
    receiver: SplitStream<Stream>,
    queries: usize,
}

/// A change, and whom it concerns.
struct Change {
    name: &'static str,
    /// Makes a round of it, by its number.
    statement: fn(u32) -> String,
    /// How many queries have another answer then, of this many.
    concerned: fn(usize) -> usize,
}

/// Changes of rows that none of the queries rest on, that one does, and that all do. A statement that changes more than a thousand rows
/// is logged as a change of the whole table.
const CHANGES: [Change; 3] = [
    Change {
        name: "none",
        statement: |round| {
            format!("UPDATE note SET body = body || '{round}' WHERE id = (SELECT id FROM note ORDER BY id LIMIT 1)")
        },
        concerned: |_| 0,
    },
    Change {
        name: "one",
        statement: |round| {
            format!(
                "UPDATE todo SET text = 'round {round}' WHERE id = (SELECT id FROM todo ORDER BY created_at, id LIMIT 1)"
            )
        },
        concerned: |_| 1,
    },
    Change {
        name: "all",
        statement: |round| format!("UPDATE todo SET text = text || ' {round}'"),
        concerned: |queries| queries,
    },
];

/// Opens live queries, makes changes, and prints what both cost.
pub(crate) async fn run(options: &LiveOptions) -> Result<(), Error> {
    if !options.no_build {
        run::build()?;
    }
    let queries = (options.queries as usize).min(TODOS);
    eprintln!("filling the databases");
    let environment = Environment::create(OF_A_SOCKET).await?;
    let system = System::tidewater(Cache::Responses, Duration::ZERO, Store::Postgres);
    let server = system.start(&environment, OF_A_SOCKET).await?;
    eprintln!("opening {queries} live queries");
    let before = resident_memory(server.process());
    let mut clients = Vec::new();
    for ids in environment.dataset.todos[..queries].chunks(OF_A_SOCKET) {
        let ids: Vec<&str> = ids.iter().map(|todo| todo.id.as_str()).collect();
        clients.push(Client::open(&server, &environment.postgres_token, &ids).await?);
    }
    let memory = resident_memory(server.process()).saturating_sub(before) / queries as u64;
    println!("{queries} live queries over {} WebSockets: {memory} bytes of memory each\n", clients.len());
    let idle = idle(&server, options.rounds).await;
    println!("while nothing changes, the server takes {:.2} % of a processor\n", idle * 100.0);
    println!("| a change concerns | processor time of the server, ms | until the last answer is there, ms |");
    println!("| --- | --: | --: |");
    for change in &CHANGES {
        let (mut work, mut latency) = (Vec::new(), Vec::new());
        for round in 0..options.rounds {
            let (begun, used) = (Instant::now(), processor_time(server.process()));
            environment.database.sql(&(change.statement)(round)).await;
            receive(&server, &mut clients, (change.concerned)(queries)).await?;
            latency.push(milliseconds(begun.elapsed()));
            sleep(AFTERMATH).await;
            let idle = begun.elapsed().mul_f64(idle);
            work.push(milliseconds((processor_time(server.process()) - used).saturating_sub(idle)));
        }
        let concerns_any = (change.concerned)(queries) > 0;
        println!(
            "| {} | {} | {} |",
            change.name,
            spread(work),
            if concerns_any { spread(latency) } else { "–".into() }
        );
    }
    drop(clients);
    server.terminate().await
}

impl Client {
    async fn open(server: &Server, token: &str, ids: &[&str]) -> Result<Self, Error> {
        let failed = |error: tungstenite::Error| server.gone(error.to_string());
        let mut request = format!("ws://127.0.0.1:{}/graphql", server.port()).into_client_request().map_err(failed)?;
        let protocol = HeaderValue::from_static("graphql-transport-ws");
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        let (stream, _) = connect_async(request).await.map_err(failed)?;
        let (mut sender, receiver) = stream.split();
        let payload = json!({ "Authorization": format!("Bearer {token}") });
        let init = json!({ "type": "connection_init", "payload": payload });
        sender.send(Message::text(init.to_string())).await.map_err(failed)?;
        let mut client = Self { sender, receiver, queries: ids.len() };
        client.next(server, "connection_ack").await?;
        for id in ids {
            let payload = json!({ "query": QUERY, "variables": { "id": id } });
            let subscribe = json!({ "id": id, "type": "subscribe", "payload": payload });
            client.sender.send(Message::text(subscribe.to_string())).await.map_err(failed)?;
        }
        for _ in 0..client.queries {
            client.next(server, "next").await?;
        }
        Ok(client)
    }

    /// Waits for a message of this type; pings may come before.
    async fn next(&mut self, server: &Server, kind: &str) -> Result<(), Error> {
        let wanted = format!("\"type\":\"{kind}\"");
        loop {
            let message = timeout(PATIENCE, self.receiver.next()).await;
            match message.map_err(|_| server.gone(format!("no `{kind}` comes")))? {
                Some(Ok(Message::Text(text))) if text.contains(&wanted) => return Ok(()),
                Some(Ok(Message::Text(text))) if !text.contains("\"type\":\"ping\"") => {
                    return Err(server.gone(format!("instead of a `{kind}` there is {text}")));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(server.gone(error.to_string())),
                None => return Err(server.gone("a WebSocket is closed".to_owned())),
            }
        }
    }
}

/// Waits for as many answers; the oldest todo is one of the first client's.
async fn receive(server: &Server, clients: &mut [Client], count: usize) -> Result<(), Error> {
    let mut left = count;
    for client in clients {
        for _ in 0..left.min(client.queries) {
            client.next(server, "next").await?;
        }
        left = left.saturating_sub(client.queries);
    }
    Ok(())
}

/// The part of a processor that the server takes while nothing changes: it polls.
async fn idle(server: &Server, seconds: u32) -> f64 {
    let (begun, used) = (Instant::now(), processor_time(server.process()));
    sleep(Duration::from_secs(seconds.into())).await;
    (processor_time(server.process()) - used).as_secs_f64() / begun.elapsed().as_secs_f64()
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

fn spread(values: Vec<f64>) -> String {
    let told = |Spread { minimum, median, maximum }| format!("{median:.0} ({minimum:.0}–{maximum:.0})");
    Spread::of(values).map_or_else(|| "–".to_owned(), told)
}
