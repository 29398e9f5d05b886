//! Requests of people who mean harm, and of programs that have gone wrong: a thousand, of every kind, beside honest ones.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures::future::join_all;
use serde_json::{Value, json};
use tidewater_testkit::hostile::{FORGED, Hostile, Sent, hostile};
use tidewater_testkit::{Backend, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Duration, timeout};

use crate::fixture::{INTERNALS, seeded, sign_in};

const REQUESTS: usize = 1_000;
const CLIENTS: usize = 12;

/// What the process may hold at the end, in KiB: the caches are configured at 64 MiB each and are nearly empty here, so this is for
/// what one request takes, times as many as there are at once, in a debug build.
const MOST_MEMORY: u64 = 256 * 1024;

/// How many connections there are beside, of which half have sent a header.
const HALF_OPEN: usize = 200;

struct World {
    server: Server,
    token: String,
    done: AtomicBool,
    /// Connections that only begin.
    held: Mutex<Vec<TcpStream>>,
    refused: AtomicUsize,
    honest: AtomicUsize,
}

#[tokio::test]
async fn they_harm_neither_the_server_nor_anybody_else() {
    let database = seeded(Backend::Postgres).await;
    // No limit of rates keeps them from what is behind.
    let environment = [
        ("DATABASE_URL", database.url()),
        ("TIDEWATER_REQUEST_RATE", "0"),
        ("TIDEWATER_SIGN_IN_RATE", "0"),
        ("TIDEWATER_SIGN_UP_RATE", "0"),
        ("TIDEWATER_ACCOUNT_RATE", "0"),
        ("TIDEWATER_MAX_BATCH", "8"),
        // Fewer than there are bodies that do not come.
        ("TIDEWATER_MAX_REQUESTS", "64"),
        ("TIDEWATER_REQUEST_TIMEOUT", "50s"),
        ("TIDEWATER_LOG_LEVEL", "info,tidewater=debug"),
    ];
    let server = Server::start(crate::fixture::binary(), &["serve"], &environment).await;
    let token = sign_in(&server, 2).await;
    let world = World {
        server,
        token,
        done: AtomicBool::new(false),
        held: Mutex::default(),
        refused: AtomicUsize::new(0),
        honest: AtomicUsize::new(0),
    };
    let _half_open = world.half_open().await;
    let hostile = join_all((0..CLIENTS).map(async |client| {
        for number in (client..REQUESTS).step_by(CLIENTS) {
            world.attack(number).await;
        }
    }));
    let hostile = async {
        hostile.await;
        world.done.store(true, Ordering::Relaxed);
    };
    let honest = async {
        while !world.done.load(Ordering::Relaxed) {
            world.ask_honestly().await;
        }
    };
    tokio::join!(hostile, honest);
    world.ask_honestly().await;
    let forged = format!("{{ viewer {{ tags(filter: {{ text: \"{FORGED}\" }}) {{ totalCount }} }} }}");
    let forged = world.server.graphql_as(&world.token, &forged, Value::Null).await;
    assert_eq!(
        forged["data"]["viewer"]["tags"],
        json!({ "totalCount": 0 }),
        "a page of another site has changed something"
    );

    let (refused, honest) = (world.refused.into_inner(), world.honest.into_inner());
    assert!(refused > REQUESTS / 2, "only {refused} were refused: they are not hostile");
    assert!(honest > 10, "only {honest} honest requests were answered meanwhile");
    let memory = memory_of(&world.server);
    assert!(memory < MOST_MEMORY, "it holds {memory} KiB");
    let log = world.server.log();
    for fault in ["panicked", "internal error", "ERROR"] {
        let lines: Vec<_> = log.lines().filter(|line| line.contains(fault)).take(5).collect();
        assert!(lines.is_empty(), "{lines:#?}");
    }
}

impl World {
    /// Connections on which a header, or a body, does not come to its end.
    async fn half_open(&self) -> Vec<TcpStream> {
        let head = "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n";
        let open = (0..HALF_OPEN).map(async |number| {
            let mut stream = self.server.connect().await;
            let sent = [head.as_bytes(), if number % 2 == 0 { b"" } else { b"\r\n{" }].concat();
            stream.write_all(&sent).await.unwrap();
            stream
        });
        join_all(open).await
    }

    async fn attack(&self, number: usize) {
        let Hostile { what, sent } = hostile(number, &self.token);
        match sent {
            Sent::Bytes(bytes) => self.send(what, &bytes).await,
            Sent::Held(bytes) => {
                let mut stream = self.server.connect().await;
                stream.write_all(&bytes).await.unwrap();
                self.held.lock().unwrap().push(stream);
            }
            Sent::Request { method, path, headers, body } => {
                let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
                let mut request =
                    self.server.client().request(method, format!("{}{path}", self.server.url())).body(body);
                for (name, value) in headers {
                    request = request.header(name, value);
                }
                let response = match request.send().await {
                    Ok(response) => response,
                    // A body that is too large need not be read before it is refused.
                    Err(error) if !error.is_timeout() => return,
                    Err(error) => panic!("{number}, {what}: {error:?}"),
                };
                let status = response.status();
                assert!(status.as_u16() < 500, "{number}, {what}: {status} {:?}", response.text().await);
                let is_text = !response.headers().contains_key("content-encoding");
                let is_json = response
                    .headers()
                    .get("content-type")
                    .is_some_and(|kind| kind.as_bytes().ends_with(b"json; charset=utf-8"));
                let Ok(text) = response.text().await else { return };
                if !text.is_empty() && is_json && is_text {
                    self.judge(number, what, &text);
                }
            }
        }
    }

    /// Checks that an answer is a GraphQL response, or several, and tells nothing of the server's insides.
    fn judge(&self, number: usize, what: &str, text: &str) {
        let answer: Value = serde_json::from_str(text).unwrap_or_else(|_| panic!("{number}, {what}: {text}"));
        let answers = answer.as_array().cloned().unwrap_or_else(|| vec![answer]);
        for answer in answers {
            let errors = answer["errors"].as_array().cloned().unwrap_or_default();
            assert!(!errors.is_empty() || answer.get("data").is_some(), "{number}, {what}: {answer}");
            for error in &errors {
                let (message, code) = (error["message"].as_str(), error["extensions"]["code"].as_str());
                let (Some(message), Some(code)) = (message, code) else { panic!("{number}, {what}: {error}") };
                assert!(!["INTERNAL", "TIMEOUT"].contains(&code), "{number}, {what}: {error}");
                // What a client wrote may be repeated, as in the name of a field; these are no names.
                let said = INTERNALS.iter().find(|internal| message.contains(**internal));
                assert_eq!(said, None, "{number}, {what}: {message}");
                assert!(!message.contains('\n') && message.len() < 2_000, "{number}, {what}: {message}");
            }
            self.refused.fetch_add(usize::from(!errors.is_empty()), Ordering::Relaxed);
        }
    }

    /// Sends what need not be HTTP. Whatever it is, the connection comes to an end, and no answer is the server's fault.
    async fn send(&self, what: &str, bytes: &[u8]) {
        let mut stream = self.server.connect().await;
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let ended = timeout(Duration::from_secs(60), stream.read_to_end(&mut answer)).await;
        assert!(ended.is_ok(), "{what}: the connection stays open");
        assert!(!answer.starts_with(b"HTTP/1.1 5"), "{what}: {}", String::from_utf8_lossy(&answer));
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    async fn ask_honestly(&self) {
        let query = "{ viewer { email } notes(first: 2) { nodes { id } } }";
        let answer = self.server.graphql_as(&self.token, query, Value::Null).await;
        assert_eq!(answer["data"]["viewer"], json!({ "email": "user2@example.test" }), "{answer}");
        assert!(answer.get("errors").is_none(), "{answer}");
        self.honest.fetch_add(1, Ordering::Relaxed);
    }
}

/// What the server's process holds, in KiB: the process that was started in the directory of this server and is no shell.
fn memory_of(server: &Server) -> u64 {
    let processes = std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    // What the system tells leads through no link.
    let [directory, binary] = [server.directory(), crate::fixture::binary()].map(|path| path.canonicalize().unwrap());
    let is_server = |process: &PathBuf| {
        let link = |name: &str| std::fs::read_link(process.join(name)).ok();
        link("cwd").as_ref() == Some(&directory) && link("exe").as_ref() == Some(&binary)
    };
    let process = processes.into_iter().find(is_server).unwrap();
    let status = std::fs::read_to_string(process.join("status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
