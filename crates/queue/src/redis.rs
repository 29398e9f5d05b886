//! The queue in Redis: what each key holds is said in the crate's documentation, and each script in `scripts` what it does.

mod scripts;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use fred::clients::{Client, WithOptions};
use fred::error::Error as RedisError;
use fred::interfaces::{KeysInterface, LuaInterface, StreamsInterface};
use fred::types::{Expiration, FromValue, SetOptions, Value};
use tidewater_redis::{Connection, is_unanswered};

use crate::entry_id::EntryId;
use crate::item::system_time;
use crate::store::{Delivery, Next, PATIENCE, Rules, STEP, Stored};
use crate::{Error, Lengths, Letter, Listed, Place, Pushed, RedisSettings, RedisStatistics};

/// The consumer group of all workers.
const GROUP: &str = "workers";

/// How long a node that holds nothing may be silent before it is forgotten. Should it come back, it is known again.
const FORGOTTEN: Duration = Duration::from_secs(60 * 60);

#[derive(Clone, Debug)]
pub(crate) struct Redis {
    connection: Connection,
    settings: Arc<RedisSettings>,
    keys: Arc<Keys>,
    capacity: usize,
    letters: usize,
    /// Whether it has been said that Redis refuses something.
    refusing: Arc<AtomicBool>,
}

/// What waits for jobs. While it does, nothing else can be sent on its connection, so it has one to itself.
#[derive(Debug)]
pub(crate) struct Reader {
    connection: Connection,
    queue: Redis,
    node: String,
}

/// They share a hash tag, so that a script can use them together in a cluster.
#[derive(Debug)]
struct Keys {
    /// As the scripts take them.
    all: Vec<String>,
    sweep: String,
}

impl Keys {
    fn new(prefix: &str, name: &str) -> Self {
        let key = |part| format!("{prefix}queue:{{{name}}}:{part}");
        let all = ["ready", "names", "later", "waiting", "dead", "letters", "ticks"].map(key).into();
        Self { all, sweep: key("sweep") }
    }

    fn ready(&self) -> String {
        self.all[0].clone()
    }
}

impl Redis {
    /// Begins to connect in the background. Must be called within a runtime.
    pub(crate) fn open(name: &str, capacity: usize, letters: usize, settings: RedisSettings) -> Result<Self, Error> {
        let keys = Arc::new(Keys::new(&settings.prefix, name));
        let connection = open(&settings, settings.command_timeout)?;
        Ok(Self { connection, settings: Arc::new(settings), keys, capacity, letters, refusing: Arc::default() })
    }

    pub(crate) async fn started(&self) {
        self.connection.started().await;
    }

    pub(crate) fn statistics(&self) -> RedisStatistics {
        self.connection.statistics()
    }

    pub(crate) fn is_reachable(&self) -> bool {
        self.connection.is_reachable()
    }

    pub(crate) fn reader(&self, node: &str) -> Result<Reader, Error> {
        let connection = open(&self.settings, self.settings.command_timeout + PATIENCE)?;
        Ok(Reader { connection, queue: self.clone(), node: node.to_owned() })
    }

    pub(crate) async fn push(&self, jobs: &[Stored]) -> Result<Vec<Pushed>, Error> {
        let mut answers = Vec::with_capacity(jobs.len());
        for step in jobs.chunks(STEP) {
            let mut arguments = vec![self.capacity.to_string()];
            for Stored { name, job, at } in step {
                arguments.extend([name.clone(), at.to_string(), job.clone()]);
            }
            for answer in self.run::<Vec<String>>(scripts::PUSH, arguments).await? {
                answers.push(match answer.as_str() {
                    "queued" => Pushed::Queued,
                    "full" => Pushed::Full,
                    _ => Pushed::Known,
                });
            }
        }
        Ok(answers)
    }

    pub(crate) async fn done(&self, delivery: &Delivery) -> Result<(), Error> {
        self.run(scripts::DONE, vec![delivery.id.to_string(), delivery.name.clone()]).await
    }

    pub(crate) async fn fail(&self, delivery: &Delivery, attempts: u32, next: &Next) -> Result<(), Error> {
        let Delivery { id, name, job, .. } = delivery;
        let mut arguments = vec![id.to_string(), name.clone(), attempts.to_string(), job.clone()];
        match next {
            Next::Again { after } => arguments.push(after.as_millis().to_string()),
            Next::Dead { reason, rest } => {
                let (rest, kept) = (rest.as_millis().to_string(), self.letters.to_string());
                arguments.extend([String::new(), reason.clone(), rest, kept]);
            }
        }
        self.run(scripts::FAIL, arguments).await
    }

    pub(crate) async fn extend(&self, node: &str, entries: &[EntryId]) -> Result<(), Error> {
        let arguments = std::iter::once(node.to_owned()).chain(entries.iter().map(EntryId::to_string));
        self.run(scripts::EXTEND, arguments.collect()).await
    }

    pub(crate) async fn give_back(&self, node: &str) -> Result<usize, Error> {
        self.run(scripts::GIVE_BACK, vec![node.to_owned()]).await
    }

    pub(crate) async fn upkeep(&self, rules: &Rules) -> Result<Option<Duration>, Error> {
        let Rules { visibility_timeout, attempts, rest } = rules;
        let [visibility, rest, forgotten] =
            [*visibility_timeout, *rest, FORGOTTEN].map(|duration| duration.as_millis().to_string());
        let (most, attempts, kept) = (STEP.to_string(), attempts.to_string(), self.letters.to_string());
        let arguments = vec![most, visibility, attempts, rest, kept, forgotten];
        let next: String = self.run(scripts::UPKEEP, arguments).await?;
        Ok(next.parse().ok().map(Duration::from_millis))
    }

    pub(crate) async fn tick(&self, recurring: &[(Stored, Duration)]) -> Result<(), Error> {
        let mut arguments = vec![self.capacity.to_string()];
        for (Stored { name, job, .. }, every) in recurring {
            arguments.extend([name.clone(), every.as_millis().max(1).to_string(), job.clone()]);
        }
        self.run(scripts::TICK, arguments).await
    }

    pub(crate) async fn lease_sweep(&self, node: &str, duration: Duration) -> Result<bool, Error> {
        let lifetime = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX).max(1);
        let (commands, key) = (self.connection.commands(), self.keys.sweep.clone());
        let lease = commands.set::<Value, _, _>(
            key,
            node.to_owned(),
            Some(Expiration::PX(lifetime)),
            Some(SetOptions::NX),
            false,
        );
        Ok(!self.guarded(lease).await?.is_null())
    }

    pub(crate) async fn lengths(&self) -> Result<Lengths, Error> {
        let lengths: Vec<u64> = self.run(scripts::LENGTHS, Vec::new()).await?;
        let [queued, running, scheduled, dead] = lengths[..] else { return Err(Error::Unavailable) };
        Ok(Lengths { queued, running, scheduled, dead })
    }

    pub(crate) async fn list(&self, most: usize) -> Result<Vec<Listed>, Error> {
        let parts = texts(self.run(scripts::LIST, vec![most.to_string()]).await?);
        let listed = parts.as_chunks().0.iter().map(|[place, name, attempts, at, job]| Listed {
            place: match place.as_str() {
                "queued" => Place::Queued,
                "running" => Place::Running,
                _ => Place::Scheduled,
            },
            name: name.clone(),
            attempts: number(attempts),
            at: system_time(number(at)),
            job: job.clone(),
        });
        Ok(listed.collect())
    }

    pub(crate) async fn letters(&self, most: usize) -> Result<Vec<Letter>, Error> {
        let parts = texts(self.run(scripts::LETTERS, vec![most.to_string()]).await?);
        let letters = parts.as_chunks().0.iter().map(|[name, attempts, at, reason, job]| Letter {
            name: name.clone(),
            attempts: number(attempts),
            at: system_time(number(at)),
            reason: reason.clone(),
            job: job.clone(),
        });
        Ok(letters.collect())
    }

    pub(crate) async fn retry(&self, names: &[String]) -> Result<usize, Error> {
        self.run(scripts::RETRY, names.to_vec()).await
    }

    async fn run<T: FromValue>(&self, script: &'static str, arguments: Vec<String>) -> Result<T, Error> {
        let commands = self.connection.commands();
        self.guarded(commands.eval::<T, _, _, _>(script, self.keys.all.clone(), arguments)).await
    }

    /// Runs a command. A Redis that refuses it, being full for example, answers all the same: others may well succeed.
    async fn guarded<T>(&self, command: impl Future<Output = Result<T, RedisError>>) -> Result<T, Error> {
        let answered = async {
            match command.await {
                Err(error) if !is_unanswered(&error) => Ok(Err(error)),
                answer => answer.map(Ok),
            }
        };
        self.connection.guarded(answered).await?.map_err(|error| self.refused(&error))
    }

    /// Says, once, that Redis refuses something.
    fn refused(&self, error: &RedisError) -> Error {
        if !self.refusing.swap(true, Ordering::Relaxed) {
            tracing::warn!(%error, "Redis refuses a command of the queue");
        }
        Error::Unavailable
    }
}

impl Reader {
    /// Takes at most so many jobs, and waits for a moment if there are none.
    pub(crate) async fn take(&self, most: usize) -> Result<Vec<Delivery>, Error> {
        // Whoever else uses the queue finds out when Redis is back, and says so once.
        if !self.queue.is_reachable() {
            return Err(Error::Unavailable);
        }
        let answer = read(&self.connection.commands(), self.queue.keys.ready(), &self.node, most as u64).await;
        match answer {
            Ok(entries) => Ok(entries.into_iter().filter_map(|(id, fields)| delivery(&id, &fields)).collect()),
            Err(error) if is_forgotten(&error) => {
                self.queue.run(scripts::PREPARE, Vec::new()).await.map(|()| Vec::new())
            }
            Err(error) if is_unanswered(&error) => Err(Error::Unavailable),
            Err(error) => Err(self.queue.refused(&error)),
        }
    }
}

type Entries = Vec<(String, HashMap<String, Bytes>)>;

async fn read(commands: &WithOptions<Client>, key: String, node: &str, most: u64) -> Result<Entries, RedisError> {
    let wait = Some(PATIENCE.as_millis() as u64);
    let answer: Value = commands.xreadgroup(GROUP, node, Some(most), wait, false, key, ">").await?;
    if answer.is_null() {
        return Ok(Vec::new());
    }
    let streams = answer.into_xread_response::<String, String, String, Bytes>()?;
    Ok(streams.into_values().flatten().collect())
}

/// What somebody else may have put there has no name, and cannot be read as a job.
fn delivery(id: &str, fields: &HashMap<String, Bytes>) -> Option<Delivery> {
    let text = |name| fields.get(name).map(|value| String::from_utf8_lossy(value).into_owned());
    Some(Delivery {
        id: id.parse().ok()?,
        name: text("name").unwrap_or_else(|| format!("unreadable {id}")),
        attempts: number(&text("attempts").unwrap_or_default()),
        job: text("job").unwrap_or_default(),
    })
}

/// Whether Redis has forgotten the queue, emptied or new.
fn is_forgotten(error: &RedisError) -> bool {
    ["NOGROUP", "UNBLOCKED"].iter().any(|kind| error.details().starts_with(kind))
}

fn open(settings: &RedisSettings, command_timeout: Duration) -> Result<Connection, Error> {
    let settings = RedisSettings { command_timeout, ..settings.clone() };
    Connection::open(&settings, "jobs wait").map_err(|error| Error::RedisUrl(error.to_string()))
}

/// What others may have written need not be text.
fn texts(parts: Vec<Bytes>) -> Vec<String> {
    parts.iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect()
}

fn number<T: std::str::FromStr + Default>(text: &str) -> T {
    text.parse().unwrap_or_default()
}
