//! Everything that servers need around them, made for one run and gone with it.

use std::path::{Path, PathBuf};
use std::process::Command;

use sea_orm::sqlx::{self, Connection, PgConnection};
use serde_json::{Value, json};
use tempfile::TempDir;
use tidewater_testkit::{Collector, Manner, Postgres, TestDatabase, TestRedis};

use crate::accounting;
use crate::dataset::{Dataset, NOTES, TODOS, USERS, prepare_hot_todos, reset_hot_todos};
use crate::error::Error;
use crate::load;
use crate::request::Requester;
use crate::statements::Statements;
use crate::system::{Cache, Store, System, output};

/// As on a server that keeps what it has acknowledged; the kit's own settings are those of tests.
const SETTINGS: [&str; 4] = ["fsync=on", "synchronous_commit=on", "full_page_writes=on", "shared_buffers=256MB"];
const STATEMENTS: [&str; 2] = ["shared_preload_libraries=pg_stat_statements", "pg_stat_statements.max=5000"];

const SIGN_IN: &str = "mutation($input: SignInInput!){ signIn(input:$input){ token } }";

/// The servers and files of one run.
pub(crate) struct Environment {
    /// The program under measurement.
    pub(crate) tidewater: PathBuf,
    /// This program.
    pub(crate) own_binary: PathBuf,
    /// The database of all systems but those on SQLite.
    pub(crate) database: TestDatabase,
    /// Redis.
    pub(crate) redis: TestRedis,
    /// The file of the systems on SQLite.
    pub(crate) sqlite: TestDatabase,
    /// A connection for questions between measurements.
    pub(crate) connection: PgConnection,
    /// What is counted of statements, where that can be.
    pub(crate) statements: Option<Statements>,
    /// What systems send their traces to, which keeps none.
    pub(crate) collector: Collector,
    /// The process of PostgreSQL that all others are children of.
    pub(crate) postmaster: Option<u32>,
    /// The process of Redis.
    pub(crate) redis_process: Option<u32>,
    /// What the databases hold.
    pub(crate) dataset: Dataset,
    /// Shows servers on PostgreSQL that the admin asks.
    pub(crate) postgres_token: String,
    /// The same on SQLite.
    pub(crate) sqlite_token: String,
    directory: TempDir,
    _postgres: Postgres,
}

impl Environment {
    /// Starts PostgreSQL and Redis, and fills PostgreSQL and an SQLite file with the same rows.
    pub(crate) async fn create(connections: usize) -> Result<Self, Error> {
        let own_binary = std::env::current_exe().map_err(Error::system("the path of this program"))?;
        let tidewater = own_binary.with_file_name("tidewater");
        let directory = tempfile::Builder::new().prefix("tidewater-bench-").tempdir();
        let directory = directory.map_err(Error::system("a temporary folder"))?;
        let counts_statements = Statements::are_available();
        let settings: Vec<&str> =
            SETTINGS.into_iter().chain(STATEMENTS.into_iter().filter(|_| counts_statements)).collect();
        let postgres = Postgres::start_with(&settings).await;
        let redis = TestRedis::start_own().await;
        let (database, sqlite) = (postgres.database().await, TestDatabase::sqlite().await);
        for database in [&database, &sqlite] {
            fill(&tidewater, directory.path(), database.url())?;
            database.sql(&prepare_hot_todos()).await;
        }
        let mut connection = PgConnection::connect(database.url()).await?;
        let statements = if counts_statements { Some(Statements::install(&mut connection).await?) } else { None };
        let backend: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut connection).await?;
        let collector = Collector::start().await;
        collector.behave(Manner::Discards);
        let mut environment = Self {
            tidewater,
            own_binary,
            database,
            redis_process: information(&redis, "process_id").await.and_then(|text| text.parse().ok()),
            redis,
            sqlite,
            dataset: Dataset::read(&mut connection).await?,
            connection,
            statements,
            collector,
            postmaster: accounting::parent(backend.unsigned_abs()),
            postgres_token: String::new(),
            sqlite_token: String::new(),
            directory,
            _postgres: postgres,
        };
        environment.postgres_token = environment.sign_in(Store::Postgres, connections).await?;
        environment.sqlite_token = environment.sign_in(Store::Sqlite, connections).await?;
        environment.record(connections).await?;
        Ok(environment)
    }

    /// Where servers run and their logs are.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The file with our server's response to W1, as the static server sends it.
    pub(crate) fn recorded_todo(&self) -> PathBuf {
        self.directory.path().join("todo.http")
    }

    /// The file with our server's response to W2.
    pub(crate) fn recorded_list(&self) -> PathBuf {
        self.directory.path().join("list.http")
    }

    /// Takes the databases back to what [`Environment::dataset`] says, empties Redis, and lets PostgreSQL tidy up.
    pub(crate) async fn reset(&mut self) -> Result<(), Error> {
        self.database.sql(&reset_hot_todos()).await;
        self.sqlite.sql(&reset_hot_todos()).await;
        self.redis.flush_all().await;
        for table in ["todo", "tidewater_change"] {
            self.database.sql(&format!("VACUUM (ANALYZE) {table}")).await;
        }
        self.database.sql("CHECKPOINT").await;
        Ok(())
    }

    /// What Redis says of itself under that name.
    pub(crate) async fn redis_information(&self, name: &str) -> Option<String> {
        information(&self.redis, name).await
    }

    async fn sign_in(&self, store: Store, connections: usize) -> Result<String, Error> {
        let system = System::tidewater(Cache::Responses, std::time::Duration::ZERO, store);
        let server = system.start(self, connections).await?;
        let input = json!({ "input": { "email": "user1@example.test", "password": "tidewater" } });
        let request = Requester::new(server.port(), "").graphql(SIGN_IN, &input);
        let answer = load::ask(server.port(), &request, |response| response.body.to_owned()).await;
        let answer = answer.map_err(|reason| server.gone(reason))?;
        let value: Value = serde_json::from_slice(&answer).unwrap_or_default();
        let token = value.pointer("/data/signIn/token").and_then(Value::as_str);
        token.map(str::to_owned).ok_or_else(|| Error::Answer {
            system: system.name,
            what: format!("signing in with {}", String::from_utf8_lossy(&answer)),
        })
    }

    /// Keeps what our server answers to one request of W1 and of W2, for the static server.
    async fn record(&self, connections: usize) -> Result<(), Error> {
        let system = System::tidewater(Cache::Responses, std::time::Duration::ZERO, Store::Postgres);
        let server = system.start(self, connections).await?;
        let requester = system.requester(self, server.port());
        let Some(user) = self.dataset.users.first() else { return Ok(()) };
        let Some(todo) = user.todos.first() else { return Ok(()) };
        let todo = requester.todo(&self.dataset.todos[*todo].id);
        let list = requester.list(&user.id);
        for (request, file) in [(todo, self.recorded_todo()), (list, self.recorded_list())] {
            // The second answer comes from memory, as nearly all do.
            for _ in 0..2 {
                let whole = load::ask(server.port(), &request, |response| [response.head, response.body].concat());
                let whole = whole.await.map_err(|reason| server.gone(reason))?;
                std::fs::write(&file, whole).map_err(Error::file(&file))?;
            }
        }
        Ok(())
    }
}

fn fill(tidewater: &Path, directory: &Path, url: &str) -> Result<(), Error> {
    let tidewater = || {
        let mut command = Command::new(tidewater);
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.env("DATABASE_URL", url).env("TIDEWATER_LOG_LEVEL", "warn").current_dir(directory);
        command
    };
    output(tidewater().args(["migrate", "up"]))?;
    let (users, todos, notes) = (USERS.to_string(), TODOS.to_string(), NOTES.to_string());
    output(tidewater().args(["seed", "--users", &users, "--todos", &todos, "--notes", &notes]))?;
    Ok(())
}

async fn information(redis: &TestRedis, name: &str) -> Option<String> {
    let text = redis.command(&["INFO", "server"]).await;
    let line = text.as_str()?.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(line.trim().to_owned())
}
