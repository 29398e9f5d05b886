//! A PostgreSQL server: the one that a test process shares, or one that a test may break.

use std::{
    env, fs,
    os::unix::fs::{MetadataExt, chown},
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tokio::{sync::OnceCell, time};

use crate::{
    database::TestDatabase,
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
    process: Option<Process>,
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
        let directory =
            tempfile::Builder::new().prefix("tidewater-postgres-").tempdir().expect("a temporary directory");
        let account = account(directory.path());
        let mut own = Own { directory, account, port: 0, process: None };
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
            command.args(SETTINGS.iter().flat_map(|setting| ["-c", setting]));
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
        process.ended().await;
    }

    fn start(&self, command: &Command) -> Process {
        let directory = Some(self.directory.path());
        Process::start(command, Supervision { last_signal: "QUIT", directory, account: self.account })
    }

    fn data(&self) -> std::path::PathBuf {
        self.directory.path().join("data")
    }
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
