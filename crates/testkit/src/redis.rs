//! A Redis server of a test's own, with faults on demand.

use std::{env, process::Command, time::Instant};

use serde_json::Value;
use tempfile::TempDir;
use tokio::{fs, time};
use uuid::Uuid;

use crate::{
    installed::installed,
    port::unused_port,
    process::{BROKEN_MACHINE, PATIENCE, Process, Supervision},
    reply::ask,
};

const READY: &str = "Ready to accept connections";
const PORT_IN_USE: &str = "Address already in use";
const GIVEN: &str = "a test that breaks its Redis starts it with `TestRedis::start_own`";
const DUMP: &str = "dump.rdb";
const SOCKET: &str = "redis.sock";

/// A Redis for one test: a server of its own, or its part of a given one, the keys that begin with
/// [`prefix`](Self::prefix).
///
/// The methods that stop, pause or reload the server panic on a given one: see [`start_own`](Self::start_own).
pub struct TestRedis {
    address: String,
    prefix: String,
    own: Option<Own>,
}

struct Own {
    directory: TempDir,
    port: u16,
    process: Option<Process>,
}

/// What a Redis server holds at one moment.
pub struct Dump(Vec<u8>);

impl TestRedis {
    /// A part of the server at `TIDEWATER_TEST_REDIS_URL` (`redis://HOST:PORT`), or else a server of the test's own.
    pub async fn start() -> Self {
        match env::var("TIDEWATER_TEST_REDIS_URL") {
            Ok(url) => {
                let address = url.trim_start_matches("redis://").trim_end_matches('/').to_owned();
                Self { address, prefix: unique_prefix(), own: None }
            }
            Err(_) => Self::start_own().await,
        }
    }

    /// A server of the test's own, whatever the environment gives: for a test that breaks it.
    pub async fn start_own() -> Self {
        Self::start_own_with_prefix(unique_prefix()).await
    }

    pub(crate) async fn start_own_with_prefix(prefix: String) -> Self {
        let directory = tempfile::Builder::new().prefix("tidewater-redis-").tempdir().expect(BROKEN_MACHINE);
        let mut own = Own { directory, port: 0, process: None };
        own.run().await;
        Self { address: format!("127.0.0.1:{}", own.port), prefix, own: Some(own) }
    }

    /// Its URL, `redis://HOST:PORT`.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// The URL of its Unix socket, `redis+unix://PATH`; for a server of the test's own.
    pub fn socket_url(&self) -> String {
        format!("redis+unix://{}", self.own().directory.path().join(SOCKET).display())
    }

    /// What this test's keys should begin with, in case that the server is shared.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Runs a command as redis-cli would: nil is null, an array is an array, text that is no UTF-8 comes lossily.
    ///
    /// Panics on an error reply, and when the server does not answer; [`try_command`](Self::try_command) does not.
    pub async fn command(&self, command: &[&str]) -> Value {
        self.try_command(command).await.unwrap_or_else(|error| panic!("{error}, at: {command:?}\n{}", self.log()))
    }

    /// Like [`command`](Self::command), with an error reply or a broken connection as an error.
    pub async fn try_command(&self, command: &[&str]) -> Result<Value, String> {
        let answer = time::timeout(PATIENCE, ask(&self.address, command)).await;
        answer.unwrap_or_else(|_| panic!("Redis did not answer within {PATIENCE:?}: {command:?}"))
    }

    /// The names of all keys of this test, in no order, lossily where they are no UTF-8.
    pub async fn keys(&self) -> Vec<String> {
        let pattern = if self.own.is_some() { "*".to_owned() } else { format!("{}*", self.prefix) };
        let keys = self.command(&["KEYS", &pattern]).await;
        keys.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Forgets everything: `FLUSHALL` on a server of the test's own, else each key of this test.
    pub async fn flush_all(&self) {
        if self.own.is_some() {
            self.command(&["FLUSHALL"]).await;
        } else {
            // In the server, because the names may be no UTF-8.
            let script = "for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('UNLINK', key) end";
            self.command(&["EVAL", script, "0", &format!("{}*", self.prefix)]).await;
        }
    }

    /// Ends the server; what it held is lost.
    pub async fn stop(&mut self) {
        self.own_mut().end().await;
    }

    /// Starts the stopped server again on the same port, empty, and returns when it accepts connections.
    pub async fn start_again(&mut self) {
        self.own_mut().run().await;
    }

    /// Takes a copy of everything that the server holds now.
    pub async fn save_dump(&self) -> Dump {
        self.command(&["SAVE"]).await;
        Dump(fs::read(self.own().directory.path().join(DUMP)).await.expect(BROKEN_MACHINE))
    }

    /// Ends the server if it runs, and starts it on the same port with what `dump` holds.
    pub async fn restart_with_dump(&mut self, dump: &Dump) {
        let own = self.own_mut();
        if own.process.is_some() {
            own.end().await;
        }
        fs::write(own.directory.path().join(DUMP), &dump.0).await.expect(BROKEN_MACHINE);
        own.run().await;
    }

    /// Lets the server hang: connections stay open, and nothing answers until [`resume`](Self::resume).
    pub fn pause(&mut self) {
        self.own_mut().running().signal("STOP");
    }

    /// Lets a paused server go on.
    pub fn resume(&mut self) {
        self.own_mut().running().signal("CONT");
    }

    /// Takes away its memory: writes are refused until [`make_room`](Self::make_room), reads are answered.
    pub async fn fill_up(&self) {
        self.own();
        self.command(&["CONFIG", "SET", "maxmemory-policy", "noeviction", "maxmemory", "1"]).await;
    }

    /// Lets a server that was filled up take writes again.
    pub async fn make_room(&self) {
        self.own();
        self.command(&["CONFIG", "SET", "maxmemory", "0"]).await;
    }

    /// Everything that the server has logged since it was last started; empty for a server given by environment.
    pub fn log(&self) -> String {
        self.own.as_ref().and_then(|own| own.process.as_ref()).map(Process::log).unwrap_or_default()
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    fn own(&self) -> &Own {
        self.own.as_ref().expect(GIVEN)
    }

    fn own_mut(&mut self) -> &mut Own {
        self.own.as_mut().expect(GIVEN)
    }
}

fn unique_prefix() -> String {
    format!("test-{}:", Uuid::new_v4().simple())
}

impl Own {
    async fn run(&mut self) {
        assert!(self.process.is_none(), "Redis is already running");
        let first_start = self.port == 0;
        let deadline = Instant::now() + PATIENCE;
        loop {
            if first_start {
                self.port = unused_port();
            }
            let mut command = Command::new(installed("redis-server"));
            command.args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
            // A master waits for further replicas otherwise.
            command.args(["--repl-diskless-sync-delay", "0", "--dir"]);
            command.arg(self.directory.path()).arg("--unixsocket").arg(self.directory.path().join(SOCKET));
            let directory = Some(self.directory.path());
            let process = Process::start(&command, Supervision { last_signal: "KILL", directory, account: None });
            if process.find_in_log(|line| line.contains(READY).then_some(())).await.is_some() {
                self.process = Some(process);
                return;
            }
            let log = process.log();
            let passing = log.contains(PORT_IN_USE) && Instant::now() < deadline;
            assert!(passing, "Redis did not start; its log:\n{log}");
        }
    }

    async fn end(&mut self) {
        let mut process = self.process.take().expect("Redis is running");
        process.signal("KILL");
        process.ended().await;
        // A dump that was taken is no part of what a new start finds.
        let _ = fs::remove_file(self.directory.path().join(DUMP)).await;
    }

    fn running(&mut self) -> &mut Process {
        self.process.as_mut().expect("Redis is running")
    }
}
