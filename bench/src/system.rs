//! The systems that are compared, and how each is started.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::dataset::TODOS;
use crate::environment::Environment;
use crate::error::Error;
use crate::peer::{Peer, Promise};
use crate::request::Requester;
use crate::server::{Readiness, Server};

/// One system.
#[derive(Clone, Debug)]
pub(crate) struct System {
    /// What it is called in reports.
    pub(crate) name: String,
    /// What it is.
    pub(crate) kind: Kind,
}

/// What a system is.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// HTTP alone: always the same bytes.
    Static,
    /// GraphQL alone: everything in memory.
    Plain,
    /// Ours.
    Tidewater(Setup),
    /// Another server over the same database.
    Peer(Peer),
}

/// How our server is set up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    /// What answers.
    pub(crate) cache: Cache,
    /// How old answers may be.
    pub(crate) staleness: Duration,
    /// Which database is under it.
    pub(crate) store: Store,
    /// What it does otherwise than by default.
    pub(crate) difference: Difference,
}

/// What one of ours does otherwise than by default: what that costs is the difference between the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Difference {
    /// Nothing.
    None,
    /// It does not count what is asked for, and by whom.
    Uncounted,
    /// It tells metrics.
    Measured,
    /// It traces this share of requests.
    Traced(&'static str),
}

/// Which of our caches are on; each leaves out what the one before has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cache {
    /// All, as is usual.
    Responses,
    /// No responses, but what they are made of.
    Entities,
    /// Nothing in memory, everything in Redis.
    Redis,
    /// None.
    None,
}

/// The database under our server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    /// PostgreSQL, with Redis in front.
    Postgres,
    /// An SQLite file, without Redis.
    Sqlite,
}

/// A workload that systems are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Workload {
    /// Single hot todos.
    Todo,
    /// Hot lists.
    List,
    /// Both, with changes.
    Mixed,
    /// Single todos, each once, by a cache that knows nothing of them.
    Cold,
}

impl Workload {
    /// What it is called in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Todo => "W1",
            Self::List => "W2",
            Self::Mixed => "W3",
            Self::Cold => "W4",
        }
    }
}

impl System {
    /// All that are compared.
    pub(crate) fn all(peers: Vec<Peer>) -> Vec<Self> {
        let mut systems = vec![
            Self { name: "static".to_owned(), kind: Kind::Static },
            Self { name: "plain".to_owned(), kind: Kind::Plain },
        ];
        let strict = Duration::ZERO;
        for cache in [Cache::Responses, Cache::Entities] {
            systems.push(Self::tidewater(cache, strict, Store::Postgres));
            systems.push(Self::tidewater(cache, Duration::from_millis(5), Store::Postgres));
            systems.push(Self::tidewater(cache, Duration::from_millis(100), Store::Postgres));
            systems.push(Self::tidewater(cache, strict, Store::Sqlite));
        }
        let shares = ["0.01", "1"].map(Difference::Traced);
        systems.extend([Difference::Uncounted, Difference::Measured].into_iter().chain(shares).map(Self::different));
        systems.extend([Cache::Redis, Cache::None].map(|cache| Self::tidewater(cache, strict, Store::Postgres)));
        systems.extend(peers.into_iter().map(|peer| Self { name: peer.name.clone(), kind: Kind::Peer(peer) }));
        systems
    }

    /// Ours, set up so.
    pub(crate) fn tidewater(cache: Cache, staleness: Duration, store: Store) -> Self {
        let mut name = match cache {
            Cache::Responses => "responses",
            Cache::Entities => "entities",
            Cache::Redis => "redis",
            Cache::None => "uncached",
        }
        .to_owned();
        if !staleness.is_zero() {
            name.push_str(&format!("-{}ms", staleness.as_millis()));
        }
        if store == Store::Sqlite {
            name.push_str("-sqlite");
        }
        Self { name, kind: Kind::Tidewater(Setup { cache, staleness, store, difference: Difference::None }) }
    }

    /// Ours with its defaults, but for this.
    fn different(difference: Difference) -> Self {
        let name = match difference {
            Difference::None => "responses".to_owned(),
            Difference::Uncounted => "responses-uncounted".to_owned(),
            Difference::Measured => "responses-measured".to_owned(),
            Difference::Traced(share) => format!("responses-traced-{share}"),
        };
        Self { name, kind: Kind::Tidewater(Setup { difference, ..Setup::USUAL }) }
    }

    /// What it is measured by. What needs empty caches comes first, what changes the data last.
    pub(crate) fn workloads(&self) -> Vec<Workload> {
        match &self.kind {
            Kind::Tidewater(Setup { difference: Difference::None, cache, staleness, .. }) => match cache {
                Cache::Responses | Cache::None if staleness.is_zero() => {
                    vec![Workload::Cold, Workload::Todo, Workload::List, Workload::Mixed]
                }
                _ => vec![Workload::Todo, Workload::List, Workload::Mixed],
            },
            Kind::Peer(_) => vec![Workload::Cold, Workload::Todo, Workload::List, Workload::Mixed],
            Kind::Static | Kind::Plain | Kind::Tidewater(_) => vec![Workload::Todo, Workload::List],
        }
    }

    /// What kind of system it is, for reports.
    pub(crate) fn category(&self) -> &'static str {
        match &self.kind {
            Kind::Static | Kind::Plain => "limit",
            Kind::Tidewater(_) => "tidewater",
            Kind::Peer(Peer { promise: Promise::Invalidates, .. }) => "peer, invalidates",
            Kind::Peer(Peer { promise: Promise::Expires, .. }) => "peer, expires",
            Kind::Peer(Peer { promise: Promise::Uncached, .. }) => "peer, uncached",
        }
    }

    /// Whether it promises that no answer is older than [`allowance`](Self::allowance).
    pub(crate) fn must_be_fresh(&self) -> bool {
        matches!(self.kind, Kind::Tidewater(_))
    }

    /// Whether it asks PostgreSQL while it is measured.
    pub(crate) fn asks_postgres(&self) -> bool {
        match &self.kind {
            Kind::Static | Kind::Plain => false,
            Kind::Tidewater(setup) => setup.store == Store::Postgres,
            Kind::Peer(_) => true,
        }
    }

    /// How much older than its request an answer may be.
    pub(crate) fn allowance(&self) -> Duration {
        match &self.kind {
            Kind::Tidewater(setup) => setup.staleness,
            _ => Duration::ZERO,
        }
    }

    /// How it is asked, where it runs at that port.
    pub(crate) fn requester(&self, environment: &Environment, port: u16) -> Requester {
        let token = match &self.kind {
            Kind::Tidewater(Setup { store: Store::Sqlite, .. }) => &environment.sqlite_token,
            _ => &environment.postgres_token,
        };
        Requester::new(port, token)
    }

    /// Starts it.
    pub(crate) async fn start(&self, environment: &Environment, connections: usize) -> Result<Server, Error> {
        let port = tidewater_testkit::unused_port();
        let (command, readiness) = match &self.kind {
            Kind::Static => {
                let mut command = Command::new(&environment.own_binary);
                command.args(["static", "--port", &port.to_string()]);
                command.arg("--todo").arg(environment.recorded_todo()).arg("--list").arg(environment.recorded_list());
                (command, Readiness::Connects)
            }
            Kind::Plain => {
                let mut command = Command::new(&environment.own_binary);
                command.args(["plain", "--port", &port.to_string()]).env("DATABASE_URL", environment.database.url());
                (command, Readiness::Connects)
            }
            Kind::Tidewater(setup) => {
                let variables = setup.variables(environment, port, connections);
                let mut command = Command::new(&environment.tidewater);
                command.arg("serve").envs(variables);
                (command, Readiness::Answers("/health/ready"))
            }
            Kind::Peer(peer) => {
                let mut command = Command::new(peer.start_script());
                command.arg(&peer.name).env("PORT", port.to_string());
                command.env("DATABASE_URL", environment.database.url()).env("REDIS_URL", environment.redis.url());
                (command, Readiness::Prints("ready"))
            }
        };
        Server::start(&self.name, command, port, environment.directory(), readiness).await
    }
}

impl Setup {
    const USUAL: Self = Self {
        cache: Cache::Responses,
        staleness: Duration::ZERO,
        store: Store::Postgres,
        difference: Difference::None,
    };

    fn variables(&self, environment: &Environment, port: u16, connections: usize) -> Vec<(&'static str, String)> {
        let is_counted = self.difference != Difference::Uncounted;
        let mut variables = vec![
            ("TIDEWATER_LISTEN", format!("127.0.0.1:{port}")),
            ("TIDEWATER_LOG_LEVEL", "warn".to_owned()),
            ("TIDEWATER_WORKER_THREADS", "1".to_owned()),
            ("TIDEWATER_MAX_REQUESTS", (connections * 2).max(1_024).to_string()),
            ("TIDEWATER_MAX_CONNECTIONS", (connections * 2).max(4_096).to_string()),
            ("TIDEWATER_MAX_CLIENT_CONNECTIONS", (connections * 2).max(4_096).to_string()),
            ("TIDEWATER_MAX_LIVE_QUERIES", TODOS.to_string()),
            ("TIDEWATER_MAX_CLIENT_STREAMS", TODOS.to_string()),
            // So that hostile ones are read.
            ("TIDEWATER_MAX_BATCH", "8".to_owned()),
            // So that disabled triggers are not complained of while that is measured.
            ("TIDEWATER_HEALTH_INTERVAL", "1h".to_owned()),
            // The load is one viewer's. If it is counted, it is never refused.
            ("TIDEWATER_REQUEST_RATE", if is_counted { "1000000000/s" } else { "0" }.to_owned()),
        ];
        match self.store {
            Store::Postgres => {
                variables.push(("DATABASE_URL", environment.database.url().to_owned()));
                variables.push(("REDIS_URL", environment.redis.url()));
            }
            Store::Sqlite => variables.push(("DATABASE_URL", environment.sqlite.url().to_owned())),
        }
        match self.difference {
            Difference::None | Difference::Uncounted => {}
            Difference::Measured => variables.push(("TIDEWATER_METRICS_LISTEN", "127.0.0.1:0".to_owned())),
            Difference::Traced(share) => {
                variables.push(("OTEL_EXPORTER_OTLP_ENDPOINT", environment.collector.url().to_owned()));
                variables.push(("OTEL_TRACES_SAMPLER", "traceidratio".to_owned()));
                variables.push(("OTEL_TRACES_SAMPLER_ARG", share.to_owned()));
            }
        }
        if self.cache != Cache::Responses {
            variables.push(("TIDEWATER_RESPONSE_MEMORY", "0".to_owned()));
        }
        if matches!(self.cache, Cache::Redis | Cache::None) {
            variables.push(("TIDEWATER_PART_MEMORY", "0".to_owned()));
        }
        if self.cache == Cache::Redis {
            // Too little for any value.
            variables.push(("TIDEWATER_CACHE_MEMORY", "1B".to_owned()));
        }
        if self.cache == Cache::None {
            let entities =
                ["user", "profile", "session", "session_activity", "todo", "note", "tag", "todo_tag", "note_tag"];
            variables.push(("TIDEWATER_CACHE_POLICY", entities.map(|entity| format!("{entity}:off")).join(";")));
        } else if !self.staleness.is_zero() {
            let bound = format!("{}ms", self.staleness.as_millis());
            variables.push(("TIDEWATER_MAX_STALENESS", bound.clone()));
            // Who is signed in is asked strictly otherwise, and every request with it.
            let policy = format!("session:max_staleness={bound};user:max_staleness={bound}");
            variables.push(("TIDEWATER_CACHE_POLICY", policy));
        }
        variables
    }
}

/// Runs a program to its end, and passes what it printed.
pub(crate) fn output(command: &mut Command) -> Result<String, Error> {
    let program = command.get_program();
    let program = Path::new(program).file_name().unwrap_or(program).to_string_lossy().into_owned();
    let failed = |reason: String| Error::Program { program: program.clone(), reason };
    let output = command.output().map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
    }
}
