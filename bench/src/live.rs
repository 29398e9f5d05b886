//! What live queries cost: how much memory each takes that is open, and how much work a change is that concerns none of them, one, or
//! all.

use std::time::{Duration, Instant};

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinHandle;
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

/// The default of `TIDEWATER_MAX_SOCKET_OPERATIONS` and `TIDEWATER_MAX_SOCKET_LIVE_QUERIES`.
const OF_A_SOCKET: usize = 64;

/// How long it may take until everybody has an answer.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long the server may go on with what a change has caused before what it costs is read.
const AFTERMATH: Duration = Duration::from_millis(200);

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A connection with some live queries, whose messages are read as they come: also pings, which have to be answered.
struct Client {
    reading: JoinHandle<String>,
}

/// The answers that come, of all clients.
struct Told(UnboundedReceiver<()>);

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
    let (answers, received) = mpsc::unbounded_channel();
    let mut told = Told(received);
    let mut clients = Vec::new();
    for ids in environment.dataset.todos[..queries].chunks(OF_A_SOCKET) {
        let ids: Vec<&str> = ids.iter().map(|todo| todo.id.as_str()).collect();
        clients.push(Client::open(&server, &environment.postgres_token, &ids, answers.clone()).await?);
        told.wait(&server, &mut clients, ids.len()).await?;
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
            told.wait(&server, &mut clients, (change.concerned)(queries)).await?;
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
    /// Opens it, and has each of its answers told.
    async fn open(server: &Server, token: &str, ids: &[&str], answers: UnboundedSender<()>) -> Result<Self, Error> {
        let failed = |error: tungstenite::Error| server.gone(error.to_string());
        let mut request = format!("ws://127.0.0.1:{}/graphql", server.port()).into_client_request().map_err(failed)?;
        let protocol = HeaderValue::from_static("graphql-transport-ws");
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        let (mut stream, _) = connect_async(request).await.map_err(failed)?;
        let payload = json!({ "Authorization": format!("Bearer {token}") });
        stream.send(of(json!({ "type": "connection_init", "payload": payload }))).await.map_err(failed)?;
        // What is sent before it is acknowledged would be an error.
        stream.next().await.transpose().map_err(failed)?;
        for id in ids {
            let payload = json!({ "query": QUERY, "variables": { "id": id } });
            let subscribe = of(json!({ "id": id, "type": "subscribe", "payload": payload }));
            stream.send(subscribe).await.map_err(failed)?;
        }
        Ok(Self { reading: tokio::spawn(read(stream, answers)) })
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

impl Told {
    /// Waits for as many answers.
    async fn wait(&mut self, server: &Server, clients: &mut [Client], count: usize) -> Result<(), Error> {
        for _ in 0..count {
            if let Ok(Some(())) = timeout(PATIENCE, self.0.recv()).await {
                continue;
            }
            let ended = clients.iter_mut().find(|client| client.reading.is_finished());
            let reason = match ended {
                Some(client) => (&mut client.reading).await.unwrap_or_else(|error| error.to_string()),
                None => "answers are missing".to_owned(),
            };
            return Err(server.gone(reason));
        }
        Ok(())
    }
}

/// Reads messages, and returns why there are no more.
async fn read(mut stream: Stream, answers: UnboundedSender<()>) -> String {
    loop {
        let text = match stream.next().await {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(_)) => continue,
            Some(Err(error)) => return error.to_string(),
            None => return "a WebSocket is closed".to_owned(),
        };
        if text.contains("\"type\":\"next\"") {
            // Nobody waits any more at the end.
            let _ = answers.send(());
        } else if text.contains("\"type\":\"ping\"") {
            if let Err(error) = stream.send(of(json!({ "type": "pong" }))).await {
                return error.to_string();
            }
        } else {
            return format!("instead of an answer there is {text}");
        }
    }
}

fn of(message: Value) -> Message {
    Message::text(message.to_string())
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
