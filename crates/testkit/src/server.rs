//! The tidewater binary as a process of its own.

use std::{
    path::Path,
    process::{Command, Output as Ended},
    time::{Duration, Instant},
};

use reqwest::{Client, Response, StatusCode, header::HeaderMap};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time;

use crate::process::{BROKEN_MACHINE, Output, PATIENCE, Process, Supervision, command, supervised};

const LISTENING: &str = "listening on http://127.0.0.1:";
const PORT_IN_USE: &str = "Address already in use";

/// A running server, on a free port of 127.0.0.1. Dropping it kills it.
///
/// It runs in an empty directory and with no environment but `PATH` and what the test gives, so neither a `.env`
/// file nor a `DATABASE_URL` of the developer reaches it.
pub struct Server {
    command: Command,
    process: Process,
    port: u16,
    url: String,
    client: Client,
    directory: TempDir,
}

/// What a server answers to a GraphQL request.
#[derive(Debug)]
pub struct Answer {
    /// The status of the response.
    pub status: StatusCode,
    /// The headers of the response.
    pub headers: HeaderMap,
    /// The whole answer: `data`, `errors`, `extensions`.
    pub body: Value,
}

impl Server {
    /// Starts `binary` with `arguments` (`["serve", ...]`), adding `--listen 127.0.0.1:0`, and waits until it listens.
    ///
    /// Panics with its log when it does not.
    pub async fn start(binary: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let directory = tempfile::Builder::new().prefix("tidewater-server-").tempdir().expect(BROKEN_MACHINE);
        let command = command(binary, arguments, environment, directory.path());
        let (process, port) = run_listening(&command, directory.path(), 0).await;
        let Some(port) = port else { not_listening(&process) };
        Self { command, process, port, url: format!("http://127.0.0.1:{port}"), client: client(), directory }
    }

    /// Starts it again after [`terminate`](Self::terminate) or [`kill`](Self::kill), on the same port and directory
    /// with the same arguments and environment, and waits until it listens.
    pub async fn start_again(&mut self) {
        self.start_again_with(&[]).await;
    }

    /// Like [`start_again`](Self::start_again), with these variables changed in its environment from now on.
    pub async fn start_again_with(&mut self, environment: &[(&str, &str)]) {
        assert!(self.process.has_ended(), "the server is already running");
        self.command.envs(environment.iter().copied());
        // Connections to the process that is gone are of no use.
        self.client = client();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (process, port) = run_listening(&self.command, self.directory.path(), self.port).await;
            self.process = process;
            if port == Some(self.port) {
                return;
            }
            // The kernel may have given the port to an outgoing connection meanwhile.
            let passing = self.log().contains(PORT_IN_USE) && Instant::now() < deadline;
            if !passing {
                not_listening(&self.process);
            }
            time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Its address, `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A connection of its own, for what is no HTTP, or not all of it.
    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.url.trim_start_matches("http://")).await.expect("the server does not listen")
    }

    /// The empty directory that it was started in, where its default SQLite file is.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// An HTTP client that keeps no cookies and waits a minute at most.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Everything that it has written to standard error and standard output since it was last started.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Waits until a line of the log contains `text`, and returns that line. Panics with the log when none does.
    pub async fn logged(&self, text: &str) -> String {
        self.process.logged(text).await
    }

    /// Asks `POST /graphql` as nobody, and returns the whole answer: `data`, `errors`, `extensions`.
    ///
    /// `variables` may be null. Panics with the log when the answer is no JSON.
    pub async fn graphql(&self, query: &str, variables: Value) -> Value {
        self.ask(&[], &json!({ "query": query, "variables": variables })).await.body
    }

    /// Like [`graphql`](Self::graphql), as the user whom the bearer token belongs to.
    pub async fn graphql_as(&self, token: &str, query: &str, variables: Value) -> Value {
        let authorization = format!("Bearer {token}");
        let request = json!({ "query": query, "variables": variables });
        self.ask(&[("authorization", &authorization)], &request).await.body
    }

    /// Posts a GraphQL request (`query`, `variables`, ...) with these headers and its content type.
    ///
    /// Panics with the log when the answer is no JSON.
    pub async fn ask(&self, headers: &[(&str, &str)], request: &Value) -> Answer {
        let headers = [&[("content-type", "application/json")], headers].concat();
        let response = self.post_raw(&headers, request.to_string()).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap_or_else(|error| panic!("{error:?}; the log:\n{}", self.log()));
        let body = serde_json::from_str(&text);
        let body = body.unwrap_or_else(|_| panic!("{status} {text}\nthe log:\n{}", self.log()));
        Answer { status, headers, body }
    }

    /// Posts `body` as it is to `/graphql`, with these headers and no others.
    pub async fn post_raw(&self, headers: &[(&str, &str)], body: impl Into<reqwest::Body>) -> Response {
        let mut request = self.client.post(format!("{}/graphql", self.url)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap_or_else(|error| panic!("{error:?}; the log of the server:\n{}", self.log()))
    }

    /// Asks it to end (`SIGTERM`), and returns its exit code and its complete log when it has.
    pub async fn terminate(&mut self) -> (i32, String) {
        self.process.terminate().await
    }

    /// Kills it (`SIGKILL`), and returns when it is gone.
    pub async fn kill(&mut self) {
        self.process.kill().await;
    }

    /// Lets it hang until [`resume`](Self::resume), as a machine without CPU time would.
    pub fn pause(&mut self) {
        self.process.signal("STOP");
    }

    /// Lets it go on after [`pause`](Self::pause).
    pub fn resume(&mut self) {
        self.process.signal("CONT");
    }
}

/// Runs the binary with a command that ends by itself, in an empty directory and environment like [`Server::start`].
///
/// Panics when it has not ended after a minute.
pub async fn run(binary: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Ended {
    let directory = tempfile::Builder::new().prefix("tidewater-command-").tempdir().expect(BROKEN_MACHINE);
    let command = command(binary, arguments, environment, directory.path());
    let supervision = Supervision { last_signal: "KILL", directory: None, account: None };
    let mut supervisor = tokio::process::Command::from(supervised(&command, supervision, Output::Apart));
    let mut child = supervisor.spawn().expect("/bin/sh can be started");
    // Held until the command has ended: its end would end the command.
    let _stdin = child.stdin.take();
    let ended = time::timeout(PATIENCE, child.wait_with_output()).await;
    ended.unwrap_or_else(|_| panic!("{arguments:?} did not end within {PATIENCE:?}")).expect("its output can be read")
}

/// Runs the command until it listens; the port is none when it does not.
async fn run_listening(command: &Command, directory: &Path, port: u16) -> (Process, Option<u16>) {
    let mut listening = Command::new(command.get_program());
    listening.args(command.get_args()).args(["--listen", &format!("127.0.0.1:{port}")]).current_dir(directory);
    listening.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let supervision = Supervision { last_signal: "KILL", directory: Some(directory), account: None };
    let process = Process::start(&listening, supervision);
    let port = process.find_in_log(port_in).await;
    (process, port)
}

fn not_listening(process: &Process) -> ! {
    panic!("the server did not say `{LISTENING}PORT`; its log:\n{}", process.log())
}

fn client() -> Client {
    Client::builder().timeout(PATIENCE).build().expect("a client without TLS has nothing to load")
}

fn port_in(line: &str) -> Option<u16> {
    let (_, rest) = line.split_once(LISTENING)?;
    let digits = rest.split(|character: char| !character.is_ascii_digit()).next()?;
    digits.parse().ok()
}
