use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fred::clients::{Client, WithOptions};
use fred::error::{Error, ErrorKind};
use fred::interfaces::{ClientLike, LuaInterface};
use fred::types::Builder;
use fred::types::config::{Config, Options, ReconnectPolicy, UnresponsiveConfig};
use parking_lot::Mutex;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use crate::Statistics;
use crate::breaker::Breaker;
use crate::statistics::Counters;

const SLOWEST_CONNECTION: Duration = Duration::from_secs(2);
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long a start waits for the first connection, so that a process finds Redis warm from its first command on.
const START: Duration = Duration::from_secs(1);
/// How often Redis is asked whether it is back, by [`Connection::watch`]. The breaker lets through only some of it.
const PROBING: Duration = Duration::from_millis(100);

/// Where Redis is, what is ours there, and how long it is waited for.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `redis://`, `rediss://`, `redis-cluster://`, `redis-sentinel://` or `redis+unix://`, with user, password and database.
    pub url: String,
    /// What every key begins with. Default: `tidewater:`.
    pub prefix: String,
    /// How long one command may take. Default: 100 ms.
    pub command_timeout: Duration,
}

/// A connection that is made and kept in the background. Cheap to clone; it ends with the last clone.
#[derive(Clone, Debug)]
pub struct Connection {
    client: Client,
    options: Options,
    breaker: Arc<Breaker>,
    counters: Arc<Counters>,
    trouble: Trouble,
    /// Whether Redis is being asked until it answers.
    probing: Arc<AtomicBool>,
    _task: Arc<Ending>,
}

/// Redis did not answer, or was not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Redis does not answer")]
pub struct Unavailable;

/// The URL of Redis cannot be understood. The text holds no password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OpenError(String);

/// Why there is no connection, as far as that is known; commands are only told that there is none.
#[derive(Clone, Debug, Default)]
struct Trouble(Arc<Mutex<Option<Error>>>);

/// Ends a task when it is dropped.
#[derive(Debug)]
struct Ending(AbortHandle);

impl Settings {
    /// The defaults for the Redis at `url`.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), prefix: "tidewater:".to_owned(), command_timeout: Duration::from_millis(100) }
    }
}

impl Connection {
    /// Begins to connect in the background. Must be called within a runtime. `meanwhile` is what is done while Redis does not answer,
    /// for the log: "reading without it".
    ///
    /// # Errors
    /// When the URL cannot be understood. A Redis that cannot be reached is no error.
    pub fn open(settings: &Settings, meanwhile: &'static str) -> Result<Self, OpenError> {
        let misread = |error: Error| OpenError(error.details().to_owned());
        let config = Config::from_url(&settings.url).map_err(misread)?;
        let options = Options {
            max_attempts: Some(1),
            timeout: Some(settings.command_timeout),
            fail_fast: true,
            ..Options::default()
        };
        let client = Builder::from_config(config)
            .with_connection_config(|connection| {
                connection.connection_timeout = SLOWEST_CONNECTION;
                connection.internal_command_timeout = SLOWEST_CONNECTION;
                connection.max_command_attempts = 1;
                // A connection that answers nothing may be one of which the other end has gone without a word.
                connection.unresponsive =
                    UnresponsiveConfig { max_timeout: Some(SLOWEST_CONNECTION), interval: SLOWEST_CONNECTION / 4 };
            })
            .with_performance_config(|performance| performance.default_command_timeout = settings.command_timeout)
            .set_policy(ReconnectPolicy::new_exponential(0, 100, 5_000, 2))
            .build()
            .map_err(misread)?;
        let trouble = Trouble::default();
        let task = tokio::spawn(stay_connected(client.clone(), trouble.clone()));
        let breaker = Arc::new(Breaker::new(meanwhile));
        let task = Arc::new(Ending(task.abort_handle()));
        let counters = Arc::new(Counters::new());
        Ok(Self { client, options, breaker, counters, trouble, probing: Arc::default(), _task: task })
    }

    /// Waits until the first attempt to connect has ended, one way or the other, but not for long.
    pub async fn started(&self) {
        // Whether it succeeded is seen by the first command.
        let _ = timeout(START, self.client.wait_for_connect()).await;
    }

    /// What commands are made with, to be run by [`guarded`](Self::guarded). They have one attempt and the time limit.
    pub fn commands(&self) -> WithOptions<Client> {
        self.client.with_options(&self.options)
    }

    /// The client itself, for pipelines; these need [`options`](Self::options).
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// What every command is to be sent with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Runs a command if there is reason to hope for an answer. Any error of it counts as none.
    ///
    /// # Errors
    /// [`Unavailable`] when it is not run, or fails.
    pub fn guarded<T>(
        &self,
        command: impl Future<Output = Result<T, Error>>,
    ) -> impl Future<Output = Result<T, Unavailable>> {
        // fred's are of several kilobytes, which all that wait for them would carry.
        let command = Box::pin(command);
        async move {
            let begun = Instant::now();
            let Some(permit) = self.breaker.admit(begun) else {
                self.counters.refused();
                return Err(Unavailable);
            };
            match command.await {
                Ok(answer) => {
                    self.counters.answered(begun.elapsed());
                    permit.answered();
                    self.trouble.note(None);
                    Ok(answer)
                }
                Err(error) => {
                    self.counters.unanswered(begun.elapsed());
                    permit.failed(Instant::now(), &self.trouble.behind(error));
                    Err(Unavailable)
                }
            }
        }
    }

    /// Whether the last commands were answered.
    pub fn is_reachable(&self) -> bool {
        self.breaker.is_closed()
    }

    /// How its commands have fared. Those of clones count as its own.
    pub fn statistics(&self) -> Statistics {
        self.counters.read(self.is_reachable(), self.breaker.openings())
    }

    /// Asks Redis in the background until it answers, so that nobody else needs to. Does nothing where that is being done. Must be
    /// called within a runtime.
    pub fn watch(&self) {
        if self.probing.swap(true, Ordering::AcqRel) {
            return;
        }
        let connection = self.clone();
        tokio::spawn(async move {
            loop {
                while !connection.answers().await {
                    sleep(PROBING).await;
                }
                connection.probing.store(false, Ordering::Release);
                // Whoever lost it before this was stored has left the probing to this task.
                if connection.is_reachable() || connection.probing.swap(true, Ordering::AcqRel) {
                    return;
                }
            }
        });
    }

    async fn answers(&self) -> bool {
        let commands = self.commands();
        let probe = commands.eval::<(), _, _, _>("return {}", Vec::<String>::new(), Vec::<String>::new());
        self.guarded(probe).await.is_ok()
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Trouble {
    fn note(&self, trouble: Option<Error>) {
        *self.0.lock() = trouble;
    }

    /// Why a command failed with `error`.
    fn behind(&self, error: Error) -> Error {
        let trouble = if *error.kind() == ErrorKind::Canceled { self.0.lock().clone() } else { None };
        trouble.unwrap_or(error)
    }
}

/// Connects; whenever the client gives up for good, which it does if the first attempt or signing in fails, tries again.
async fn stay_connected(client: Client, trouble: Trouble) {
    let mut pause = SHORTEST_PAUSE;
    loop {
        let started = Instant::now();
        let connection = client.connect();
        let _ending = Ending(connection.abort_handle());
        if let Ok(Err(error)) = connection.await {
            trouble.note(Some(error));
        }
        pause = if started.elapsed() > LONGEST_PAUSE { SHORTEST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
        sleep(pause).await;
    }
}
