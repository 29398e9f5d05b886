use std::sync::Arc;
use std::time::Duration;

use crate::entry_id::EntryId;
use crate::memory::Memory;
use crate::redis::{Reader as RedisReader, Redis};
use crate::{Error, Lengths, Letter, Listed, Pushed, RedisStatistics, Settings};

/// Where jobs are: in Redis for all nodes, or in this process. Either behaves as the other.
#[derive(Clone, Debug)]
pub(crate) enum Store {
    Redis(Box<Redis>),
    Memory(Arc<Memory>),
}

/// What delivers jobs to one worker.
#[derive(Debug)]
pub(crate) enum Reader {
    Redis(Box<RedisReader>),
    Memory { memory: Arc<Memory>, node: String },
}

/// A job as it is pushed.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) name: String,
    pub(crate) job: String,
    /// Milliseconds since 1970 at which it is due.
    pub(crate) at: u64,
}

/// A job as a worker gets it.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) id: EntryId,
    pub(crate) name: String,
    /// How many attempts have failed before.
    pub(crate) attempts: u32,
    pub(crate) job: String,
}

/// What becomes of a job that has failed.
#[derive(Clone, Debug)]
pub(crate) enum Next {
    Again { after: Duration },
    Dead { reason: String, rest: Duration },
}

/// What is done with what nobody works on any more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) visibility_timeout: Duration,
    pub(crate) attempts: u32,
    pub(crate) rest: Duration,
}

/// The reason for which a job dies whose workers did.
pub(crate) const ABANDONED: &str = "whoever ran it went away each time";

/// How many entries one step of upkeep moves at most, so that it is short.
pub(crate) const STEP: usize = 128;

/// How long a reader waits for a job before it looks around.
pub(crate) const PATIENCE: Duration = Duration::from_millis(500);

impl Store {
    /// Begins to connect in the background, where there is Redis. Must be called within a runtime.
    pub(crate) fn open(settings: Settings) -> Result<Self, Error> {
        let Settings { name, capacity, letters, redis } = settings;
        match redis {
            Some(redis) => Redis::open(&name, capacity, letters, redis).map(|redis| Self::Redis(Box::new(redis))),
            None => Ok(Self::Memory(Arc::new(Memory::new(capacity, letters)))),
        }
    }

    pub(crate) async fn started(&self) {
        if let Self::Redis(redis) = self {
            redis.started().await;
        }
    }

    pub(crate) fn is_reachable(&self) -> bool {
        match self {
            Self::Redis(redis) => redis.is_reachable(),
            Self::Memory(_) => true,
        }
    }

    pub(crate) fn redis_statistics(&self) -> Option<RedisStatistics> {
        match self {
            Self::Redis(redis) => Some(redis.statistics()),
            Self::Memory(_) => None,
        }
    }

    pub(crate) fn reader(&self, node: &str) -> Result<Reader, Error> {
        match self {
            Self::Redis(redis) => redis.reader(node).map(|reader| Reader::Redis(Box::new(reader))),
            Self::Memory(memory) => Ok(Reader::Memory { memory: Arc::clone(memory), node: node.to_owned() }),
        }
    }

    /// Queues jobs, and says for each what became of it.
    pub(crate) async fn push(&self, jobs: &[Stored]) -> Result<Vec<Pushed>, Error> {
        match self {
            Self::Redis(redis) => redis.push(jobs).await,
            Self::Memory(memory) => Ok(memory.push(jobs)),
        }
    }

    /// A job is done. Without effect if it was taken from whoever says so.
    pub(crate) async fn done(&self, delivery: &Delivery) -> Result<(), Error> {
        match self {
            Self::Redis(redis) => redis.done(delivery).await,
            Self::Memory(memory) => {
                memory.done(delivery);
                Ok(())
            }
        }
    }

    /// A job has failed; with this attempt, so often. Without effect if it was taken from whoever says so.
    pub(crate) async fn fail(&self, delivery: &Delivery, attempts: u32, next: &Next) -> Result<(), Error> {
        match self {
            Self::Redis(redis) => redis.fail(delivery, attempts, next).await,
            Self::Memory(memory) => {
                memory.fail(delivery, attempts, next);
                Ok(())
            }
        }
    }

    /// `node` still works on these, as far as it holds them.
    pub(crate) async fn extend(&self, node: &str, entries: &[EntryId]) -> Result<(), Error> {
        match self {
            Self::Redis(redis) => redis.extend(node, entries).await,
            Self::Memory(memory) => {
                memory.extend(entries);
                Ok(())
            }
        }
    }

    /// Gives back all that `node` holds, with no attempt counted. Answers how much.
    pub(crate) async fn give_back(&self, node: &str) -> Result<usize, Error> {
        match self {
            Self::Redis(redis) => redis.give_back(node).await,
            Self::Memory(memory) => Ok(memory.give_back(node)),
        }
    }

    /// Queues what is due, and takes back what nobody has worked on for too long. Answers how long it is until something else is
    /// due, as far as is known.
    pub(crate) async fn upkeep(&self, rules: &Rules) -> Result<Option<Duration>, Error> {
        match self {
            Self::Redis(redis) => redis.upkeep(rules).await,
            Self::Memory(memory) => Ok(memory.upkeep(rules)),
        }
    }

    /// Queues those of the recurring jobs whose time has come, and was nobody's yet.
    pub(crate) async fn tick(&self, recurring: &[(Stored, Duration)]) -> Result<(), Error> {
        match self {
            Self::Redis(redis) => redis.tick(recurring).await,
            Self::Memory(memory) => {
                memory.tick(recurring);
                Ok(())
            }
        }
    }

    /// Whether `node` is now the one who sweeps, for so long.
    pub(crate) async fn lease_sweep(&self, node: &str, duration: Duration) -> Result<bool, Error> {
        match self {
            Self::Redis(redis) => redis.lease_sweep(node, duration).await,
            Self::Memory(memory) => Ok(memory.lease_sweep(duration)),
        }
    }

    pub(crate) async fn lengths(&self) -> Result<Lengths, Error> {
        match self {
            Self::Redis(redis) => redis.lengths().await,
            Self::Memory(memory) => Ok(memory.lengths()),
        }
    }

    pub(crate) async fn list(&self, most: usize) -> Result<Vec<Listed>, Error> {
        match self {
            Self::Redis(redis) => redis.list(most).await,
            Self::Memory(memory) => Ok(memory.list(most)),
        }
    }

    pub(crate) async fn letters(&self, most: usize) -> Result<Vec<Letter>, Error> {
        match self {
            Self::Redis(redis) => redis.letters(most).await,
            Self::Memory(memory) => Ok(memory.letters(most)),
        }
    }

    /// Queues the dead jobs of these names again; with none, all. Answers how many.
    pub(crate) async fn retry(&self, names: &[String]) -> Result<usize, Error> {
        match self {
            Self::Redis(redis) => redis.retry(names).await,
            Self::Memory(memory) => Ok(memory.retry(names)),
        }
    }
}

impl Reader {
    /// Takes at most so many jobs, and waits for a moment if there are none.
    pub(crate) async fn take(&self, most: usize) -> Result<Vec<Delivery>, Error> {
        match self {
            Self::Redis(reader) => reader.take(most).await,
            Self::Memory { memory, node } => Ok(memory.take(node, most).await),
        }
    }
}
