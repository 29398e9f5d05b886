//! A PostgreSQL server: the one that a test process shares, or one that a test may break.

use std::{
    collections::BTreeSet,
    env, fs,
    os::unix::fs::{MetadataExt, chown},
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use sea_orm::sqlx::{self, Connection, PgConnection};
use tempfile::TempDir;
use tokio::{sync::OnceCell, time};

use crate::{
    database::TestDatabase,
    family::{Stopped, send},
    installed::installed,
    port::unused_port,
    process::{Account, PATIENCE, Process, Supervision},
};

const READY: &str = "database system is ready to accept connections";
const PORT_IN_USE: &str = "could not bind";
// The postmaster was killed and its children have not all noticed yet.
const OLD_CHILDREN: [&str; 2] = ["is still in use", "lock file \"postmaster.pid\" already exists"];

/// Tests need many connections and prepared transactions, and a crash of the machine may cost them their data.
const SETTINGS: [&str; 8] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "fsync=off",
    "max_connections=300",
    "max_prepared_transactions=20",
    "shared_buffers=64MB",
    "max_wal_size=2GB",
    "log_checkpoints=off",
];

/// A PostgreSQL server for tests, whose administrator needs no password.
pub struct Postgres {
    url: String,
    own: Option<Own>,
}

struct Own {
    directory: TempDir,
    account: Option<Account>,
    port: u16,
    /// What differs from `SETTINGS`, which the last of two equal names does.
    settings: Vec<String>,
    process: Option<Process>,
    paused: Option<Stopped>,
}

impl Postgres {
    /// The server that this test process shares: the one at `TIDEWATER_TEST_POSTGRES_URL`, whose user must be a
    /// superuser, or else one that the first caller starts and that ends with the test process.
    ///
    /// A given server is not cleaned up after a test process that was killed, and it keeps the templates: databases
    /// whose names begin with `tidewater_test_` and `tidewater_template_` may be dropped there at any time.
    pub async fn shared() -> &'static Self {
        static SHARED: OnceCell<Postgres> = OnceCell::const_new();
        SHARED
            .get_or_init(|| async {
                match env::var("TIDEWATER_TEST_POSTGRES_URL") {
                    Ok(url) => Self { url, own: None },
                    Err(_) => Self::start().await,
                }
            })
            .await
    }

    /// A server of the test's own, which it may break.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Like [`start`](Self::start), with settings of the form `name=value` that win over those usual in tests.
    pub async fn start_with(settings: &[&str]) -> Self {
        let settings = settings.iter().map(|setting| (*setting).to_owned()).collect();
        let directory =
            tempfile::Builder::new().prefix("tidewater-postgres-").tempdir().expect("a temporary directory");
        let account = account(directory.path());
        let mut own = Own { directory, account, port: 0, settings, process: None, paused: None };
        own.create().await;
        own.run().await;
        Self { url: format!("postgres://tidewater@127.0.0.1:{}/postgres", own.port), own: Some(own) }
    }

    /// The URL of its `postgres` database, for administration.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A fresh empty database on this server, dropped when the value is.
    pub async fn database(&self) -> TestDatabase {
        TestDatabase::create_postgres(&self.url, None).await
    }

    /// Everything that the server has logged since it was last started; empty for a server given by environment.
    pub fn log(&self) -> String {
        self.own.as_ref().and_then(|own| own.process.as_ref()).map(Process::log).unwrap_or_default()
    }

    /// Ends the server as a crash would, but in order: connections break, nothing is written back (`SIGQUIT`).
    pub async fn stop_immediately(&mut self) {
        self.own().end("QUIT").await;
    }

    /// Kills the server process (`SIGKILL`); its children follow within moments.
    pub async fn kill(&mut self) {
        self.own().end("KILL").await;
    }

    /// Lets every process of the server hang: connections stay open, new ones are made but not answered, and nothing
    /// happens until [`resume`](Self::resume), or until the server is ended.
    pub fn pause(&mut self) {
        self.own().pause();
    }

    /// Lets a paused server go on.
    pub fn resume(&mut self) {
        self.own().resume();
    }

    /// Kills the process that serves one connection (`SIGKILL`), as the kernel does when memory is short: the server
    /// lives, breaks all connections, and recovers. Returns when it accepts connections again.
    pub async fn crash_backend(&mut self) {
        let mut connection = PgConnection::connect(&self.url).await.unwrap_or_else(|error| panic!("{error}"));
        let statement = "SELECT pg_backend_pid()";
        let backend: i32 = sqlx::query_scalar(statement).fetch_one(&mut connection).await.expect("a connection works");
        let process = self.own().running();
        let ready_before = count_ready(process);
        send("KILL", &BTreeSet::from([backend as u32]));
        let deadline = Instant::now() + PATIENCE;
        while count_ready(process) == ready_before {
            assert!(Instant::now() < deadline, "PostgreSQL did not recover; its log:\n{}", process.log());
            time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Starts the stopped server again on the same port and data, and returns when it accepts connections.
    pub async fn start_again(&mut self) {
        self.own().run().await;
    }

    fn own(&mut self) -> &mut Own {
        self.own.as_mut().expect("only a server from `Postgres::start` can be broken")
    }
}

impl Own {
    async fn create(&self) {
        let mut command = Command::new(installed("initdb"));
        command.arg("--pgdata").arg(self.data());
        command.args(["--username=tidewater", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]);
        let mut process = self.start(&command);
        let code = process.ended().await;
        assert!(code == 0, "initdb failed ({code}):\n{}", process.log());
    }

    async fn run(&mut self) {
        assert!(self.process.is_none(), "PostgreSQL is already running");
        let first_start = self.port == 0;
        let deadline = Instant::now() + PATIENCE;
        loop {
            if first_start {
                self.port = unused_port();
            }
            let mut command = Command::new(installed("postgres"));
            command.arg("-D").arg(self.data()).arg("-p").arg(self.port.to_string());
            let settings = SETTINGS.iter().copied().chain(self.settings.iter().map(String::as_str));
            command.args(settings.flat_map(|setting| ["-c", setting]));
            let process = self.start(&command);
            if process.find_in_log(|line| line.contains(READY).then_some(())).await.is_some() {
                self.process = Some(process);
                return;
            }
            let log = process.log();
            let passing = log.contains(PORT_IN_USE) || OLD_CHILDREN.iter().any(|text| log.contains(text));
            assert!(passing && Instant::now() < deadline, "PostgreSQL did not start; its log:\n{log}");
            time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn end(&mut self, signal: &str) {
        let mut process = self.process.take().expect("PostgreSQL is running");
        process.signal(signal);
        // Only then do paused processes see what has come over them.
        self.resume();
        process.ended().await;
    }

    fn pause(&mut self) {
        assert!(self.paused.is_none(), "PostgreSQL is already paused");
        self.running();
        let file = fs::read_to_string(self.data().join("postmaster.pid")).expect("a running server has this file");
        let postmaster = file.lines().next().and_then(|line| line.parse().ok()).expect("its first line is a number");
        self.paused = Some(Stopped::stop(postmaster));
    }

    fn resume(&mut self) {
        if let Some(paused) = self.paused.take() {
            paused.go_on();
        }
    }

    fn running(&self) -> &Process {
        self.process.as_ref().expect("PostgreSQL is running")
    }

    fn start(&self, command: &Command) -> Process {
        let directory = Some(self.directory.path());
        Process::start(command, Supervision { last_signal: "QUIT", directory, account: self.account })
    }

    fn data(&self) -> std::path::PathBuf {
        self.directory.path().join("data")
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        // The end of the process is waited for, and a paused one does not end.
        self.resume();
    }
}

fn count_ready(process: &Process) -> usize {
    process.log().matches(READY).count()
}

/// PostgreSQL refuses to run as root: then the account that it is to run as instead, which `directory` is given to.
fn account(directory: &Path) -> Option<Account> {
    let running_as_root = fs::metadata(directory).expect("the temporary directory").uid() == 0;
    running_as_root.then(|| {
        let accounts = fs::read_to_string("/etc/passwd").expect("/etc/passwd can be read");
        let account = ["postgres", "nobody"]
            .iter()
            .find_map(|name| find_account(&accounts, name))
            .expect("PostgreSQL does not run as root, and there is neither a user `postgres` nor `nobody`");
        chown(directory, Some(account.0), Some(account.1)).expect("root may give a directory away");
        account
    })
}

fn find_account(accounts: &str, name: &str) -> Option<Account> {
    accounts.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        let (user, group) = (fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?);
        (fields.first() == Some(&name)).then_some((user, group))
    })
}
