use std::sync::Arc;

use bytes::Bytes;
use fred::error::Error;
use fred::interfaces::{ClientLike, KeysInterface};
use fred::types::{Expiration, Key, Value};
use futures::future::try_join_all;
use tidewater_redis::{Connection, Unavailable, is_unanswered};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use crate::queue::{Gauge, Queue, Write};
use crate::{Crowd, RedisHealth, RedisSettings, RedisStatistics, StartError};

/// How many writes go to Redis in one pipeline at most.
const PIPELINE: usize = 128;

/// The second tier: memos of all processes, in a Redis that may be slow, empty, wrong about the past, or gone.
#[derive(Debug)]
pub(crate) struct Redis {
    commands: Commands,
    /// Those who read at the same time.
    reading: Crowd<(), Bytes, Option<Bytes>, Unavailable>,
    queue: Queue,
    _writer: Ending,
}

#[derive(Clone, Debug)]
struct Commands(Connection);

/// Ends a task when it is dropped.
#[derive(Debug)]
struct Ending(AbortHandle);

impl Redis {
    /// Begins to connect in the background. Must be called within a runtime.
    pub(crate) fn connect(settings: &RedisSettings, queue_length: usize) -> Result<Self, StartError> {
        let connection = Connection::open(settings, "reading without it");
        let commands = Commands(connection.map_err(|error| StartError::RedisUrl(error.to_string()))?);
        let (queue, writes) = Queue::new(queue_length);
        let writer = tokio::spawn(write_all(commands.clone(), writes, Arc::clone(queue.gauge())));
        Ok(Self { commands, reading: Crowd::default(), queue, _writer: Ending(writer.abort_handle()) })
    }

    /// Waits until the first attempt to connect has ended, one way or the other, but not for long.
    pub(crate) async fn started(&self) {
        self.commands.0.started().await;
    }

    /// What is stored under each of `keys`, in their order, in one round trip (one for each node of a cluster), which others who
    /// read at the same time share.
    pub(crate) async fn get(&self, keys: Vec<Bytes>) -> Result<Vec<Option<Bytes>>, Unavailable> {
        self.reading.ask((), keys, |keys| self.commands.0.guarded(self.commands.get(keys))).await
    }

    /// Stores in the background, if there is room in the queue.
    pub(crate) fn write(&self, write: Write) {
        self.queue.push(write);
    }

    pub(crate) fn health(&self) -> RedisHealth {
        let gauge = self.queue.gauge();
        RedisHealth {
            reachable: self.commands.0.is_reachable(),
            queued: gauge.queued(),
            dropped: gauge.total_dropped(),
        }
    }

    pub(crate) fn statistics(&self) -> RedisStatistics {
        self.commands.0.statistics()
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

impl Commands {
    async fn get(&self, keys: Vec<Bytes>) -> Result<Vec<Option<Bytes>>, Error> {
        let mut values = vec![None; keys.len()];
        let groups = if self.0.client().is_clustered() { by_slot(&keys) } else { vec![(0..keys.len()).collect()] };
        let answers = try_join_all(groups.into_iter().map(async |group| {
            let keys: Vec<Key> = group.iter().map(|index| keys[*index].clone().into()).collect();
            let answer: Value = self.0.commands().mget(keys).await?;
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
        let pipeline = self.0.client().pipeline().with_options(self.0.options());
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

/// The indices of `keys`, grouped by the slot of a cluster that they belong to: one command may not cross slots.
fn by_slot(keys: &[Bytes]) -> Vec<Vec<usize>> {
    let mut groups = std::collections::BTreeMap::<u16, Vec<usize>>::new();
    for (index, key) in keys.iter().enumerate() {
        groups.entry(fred::util::redis_keyslot(key)).or_default().push(index);
    }
    groups.into_values().collect()
}

async fn write_all(commands: Commands, mut queue: mpsc::Receiver<Write>, gauge: Arc<Gauge>) {
    let mut writes = Vec::with_capacity(PIPELINE);
    while queue.recv_many(&mut writes, PIPELINE).await > 0 {
        let refused = commands.0.guarded(commands.write(&writes)).await;
        gauge.dropped(refused.unwrap_or(writes.len()));
        gauge.finished(&writes);
        writes.clear();
    }
}
