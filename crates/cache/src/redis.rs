use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use fred::clients::Client;
use fred::error::{Error, ErrorKind};
use fred::interfaces::{ClientLike, KeysInterface};
use fred::types::config::{Config, Options, ReconnectPolicy, UnresponsiveConfig};
use fred::types::{Builder, Expiration, Key, Value};
use futures::future::try_join_all;
use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use crate::breaker::Breaker;
use crate::queue::{Gauge, Queue, Write};
use crate::{Crowd, RedisHealth, RedisSettings, StartError};

/// How many writes go to Redis in one pipeline at most.
const PIPELINE: usize = 128;
const SLOWEST_CONNECTION: Duration = Duration::from_secs(2);
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long a start waits for the first connection, so that a process finds Redis warm from its first read on.
const START: Duration = Duration::from_secs(1);

/// The second tier: memos of all processes, in a Redis that may be slow, empty, wrong about the past, or gone.
#[derive(Debug)]
pub(crate) struct Redis {
    client: Commands,
    /// Those who read at the same time.
    reading: Crowd<(), Bytes, Option<Bytes>, Unavailable>,
    queue: Queue,
    _tasks: [Ending; 2],
}

/// Redis did not answer, or was not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unavailable;

#[derive(Clone, Debug)]
struct Commands {
    client: Client,
    options: Options,
    breaker: Arc<Breaker>,
    trouble: Trouble,
}

/// Why there is no connection, as far as that is known; commands are only told that there is none.
#[derive(Clone, Debug, Default)]
struct Trouble(Arc<Mutex<Option<Error>>>);

/// Ends a task when it is dropped.
#[derive(Debug)]
struct Ending(AbortHandle);

impl Redis {
    /// Begins to connect in the background. Must be called within a runtime.
    pub(crate) fn connect(settings: &RedisSettings) -> Result<Self, StartError> {
        let config =
            Config::from_url(&settings.url).map_err(|error| StartError::RedisUrl(error.details().to_owned()))?;
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
            .map_err(|error| StartError::RedisUrl(error.details().to_owned()))?;
        let trouble = Trouble::default();
        let connection = tokio::spawn(stay_connected(client.clone(), trouble.clone()));
        let client = Commands { client, options, breaker: Arc::new(Breaker::new()), trouble };
        let (queue, writes) = Queue::new(settings.queue_length);
        let writer = tokio::spawn(write_all(client.clone(), writes, Arc::clone(queue.gauge())));
        Ok(Self {
            client,
            reading: Crowd::default(),
            queue,
            _tasks: [Ending(connection.abort_handle()), Ending(writer.abort_handle())],
        })
    }

    /// Waits until the first attempt to connect has ended, one way or the other, but not for long.
    pub(crate) async fn started(&self) {
        // Whether it succeeded is seen by the first command.
        let _ = timeout(START, self.client.client.wait_for_connect()).await;
    }

    /// What is stored under each of `keys`, in their order, in one round trip (one for each node of a cluster), which others who
    /// read at the same time share.
    pub(crate) async fn get(&self, keys: Vec<Bytes>) -> Result<Vec<Option<Bytes>>, Unavailable> {
        self.reading.ask((), keys, |keys| self.client.guarded(self.client.get(keys))).await
    }

    /// Stores in the background, if there is room in the queue.
    pub(crate) fn write(&self, write: Write) {
        self.queue.push(write);
    }

    pub(crate) fn health(&self) -> RedisHealth {
        RedisHealth { reachable: self.client.breaker.is_closed(), dropped: self.queue.gauge().total_dropped() }
    }

    pub(crate) async fn drained(&self) {
        self.queue.gauge().drained().await;
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

impl Commands {
    /// Runs a command if the breaker lets it, and tells the breaker how it went.
    async fn guarded<T>(&self, command: impl Future<Output = Result<T, Error>>) -> Result<T, Unavailable> {
        let permit = self.breaker.admit(Instant::now()).ok_or(Unavailable)?;
        match command.await {
            Ok(answer) => {
                permit.answered();
                self.trouble.note(None);
                Ok(answer)
            }
            Err(error) => {
                permit.failed(Instant::now(), &self.trouble.behind(error));
                Err(Unavailable)
            }
        }
    }

    async fn get(&self, keys: Vec<Bytes>) -> Result<Vec<Option<Bytes>>, Error> {
        let mut values = vec![None; keys.len()];
        let groups = if self.client.is_clustered() { by_slot(&keys) } else { vec![(0..keys.len()).collect()] };
        let answers = try_join_all(groups.into_iter().map(async |group| {
            let keys: Vec<Key> = group.iter().map(|index| keys[*index].clone().into()).collect();
            let answer: Value = self.client.with_options(&self.options).mget(keys).await?;
            Ok::<_, Error>((group, answer.into_array()))
        }))
        .await?;
        for (group, answer) in answers {
            for (index, value) in group.into_iter().zip(answer) {
                values[index] = value.into_bytes();
            }
        }
        Ok(values)
    }

    /// Makes all `writes`; returns how many Redis refused.
    async fn write(&self, writes: &[Write]) -> Result<usize, Error> {
        let pipeline = self.client.pipeline().with_options(&self.options);
        for write in writes {
            match write {
                Write::Fill { key, value, lifetime } => {
                    let lifetime = i64::try_from(lifetime.as_millis()).unwrap_or(i64::MAX).max(1);
                    let expiration = Some(Expiration::PX(lifetime));
                    let () = pipeline.set(key.clone(), value.clone(), expiration, None, false).await?;
                }
                Write::Unlink { key } => pipeline.unlink(key.clone()).await?,
            }
        }
        let mut refused = 0;
        for answer in pipeline.try_all::<Value>().await {
            match answer {
                Err(error) if is_unanswered(&error) => return Err(error),
                Err(_) => refused += 1,
                Ok(_) => {}
            }
        }
        Ok(refused)
    }
}

/// Whether an error is no answer of Redis. One that refuses writes, being full for example, can still be read from.
fn is_unanswered(error: &Error) -> bool {
    use ErrorKind::{Backpressure, Canceled, Cluster, IO, Protocol, Routing, Timeout, Tls};
    matches!(error.kind(), Backpressure | Canceled | Cluster | IO | Protocol | Routing | Timeout | Tls)
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

/// The indices of `keys`, grouped by the slot of a cluster that they belong to: one command may not cross slots.
fn by_slot(keys: &[Bytes]) -> Vec<Vec<usize>> {
    let mut groups = std::collections::BTreeMap::<u16, Vec<usize>>::new();
    for (index, key) in keys.iter().enumerate() {
        groups.entry(fred::util::redis_keyslot(key)).or_default().push(index);
    }
    groups.into_values().collect()
}

async fn write_all(client: Commands, mut queue: mpsc::Receiver<Write>, gauge: Arc<Gauge>) {
    let mut writes = Vec::with_capacity(PIPELINE);
    while queue.recv_many(&mut writes, PIPELINE).await > 0 {
        let refused = client.guarded(client.write(&writes)).await;
        gauge.dropped(refused.unwrap_or(writes.len()));
        gauge.finished(&writes);
        writes.clear();
    }
}
