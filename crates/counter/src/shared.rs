use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fred::interfaces::{ClientLike, KeysInterface, LuaInterface};
use fred::types::Value;
use tidewater_redis::{Connection, Unavailable};
use uuid::Uuid;

use crate::view::Place;
use crate::{Batch, Count, REFUSED_AFTER, RedisSettings, RedisStatistics, Sketch, StartError, View};

/// How long a batch that another process has closed is known to be closed, at least.
const KNOWN_TO_BE_CLOSED: Duration = Duration::from_secs(24 * 60 * 60);

/// How many batches are looked for at a time.
const DUE: usize = 64;

/// How many sketches go over the connection in one command.
const AT_ONCE: usize = 32;

/// Fields of a batch beside its counts.
const LAST: &str = "last";
const CLOSED: &str = "closed";

/// Batches in Redis.
///
/// Each is a hash: how often each subject was seen on a day, which step was the last, and whether it is closed; beside it is a
/// sketch for each subject and day. A sorted set has the ids of all batches by the time when they were opened. All keys share a hash
/// tag, so that a script can use them together in a cluster.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    connection: Connection,
    prefix: Arc<str>,
}

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stepped {
    /// It has been made, now or before; that many pairs of subject and day are in the batch.
    Made(usize),
    /// The batch was closed before.
    Closed,
    /// Redis does not know the steps before it any more, so it does not make this one either.
    Forgotten,
}

/// Makes step ARGV[1] of the batch ARGV[2] at KEYS[1], and lists it at KEYS[2], all for ARGV[3] milliseconds. The rest, from KEYS[3]
/// and ARGV[4] on, are views: the sketch, and then subject and day, and viewer. What fails halfway is not made again.
const STEP: &str = r"
local step = tonumber(ARGV[1])
local last = tonumber(redis.call('HGET', KEYS[1], 'last') or '0')
if last < step then
    if redis.call('HEXISTS', KEYS[1], 'closed') == 1 then return -1 end
    if last < step - 1 then return -2 end
    if last == 0 then
        redis.call('ZADD', KEYS[2], redis.call('TIME')[1], ARGV[2])
        redis.call('PEXPIRE', KEYS[2], ARGV[3])
    end
    redis.call('HSET', KEYS[1], 'last', step)
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
    for index = 3, #KEYS do
        redis.call('HINCRBY', KEYS[1], ARGV[2 * index - 2], 1)
        redis.call('PFADD', KEYS[index], ARGV[2 * index - 1])
        redis.call('PEXPIRE', KEYS[index], ARGV[3])
    end
end
return redis.call('HLEN', KEYS[1]) - 1
";

/// Closes the batch at KEYS[1], if it is there, and answers its fields.
const CLOSE: &str = r"
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'closed', 1) end
return redis.call('HGETALL', KEYS[1])
";

/// The ids at KEYS[1] of batches that were opened ARGV[1] seconds ago or earlier, the oldest first, ARGV[2] at most.
const FIND: &str = r"
local before = redis.call('TIME')[1] - ARGV[1]
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', before, 'LIMIT', 0, ARGV[2])
";

/// Forgets the batch ARGV[1] at KEYS[1], which KEYS[2] lists; for ARGV[2] milliseconds, if these are any, it is still known to be
/// closed, and after which step.
const FORGET: &str = r"
redis.call('ZREM', KEYS[2], ARGV[1])
local last = redis.call('HGET', KEYS[1], 'last')
redis.call('UNLINK', KEYS[1])
if last and ARGV[2] ~= '0' then
    redis.call('HSET', KEYS[1], 'last', last, 'closed', 1)
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 0
";

impl Shared {
    /// Begins to connect in the background. Must be called within a runtime.
    pub(crate) fn open(settings: &RedisSettings) -> Result<Self, StartError> {
        let connection = Connection::open(settings, "each server counts views by itself");
        let connection = connection.map_err(|error| StartError::RedisUrl(error.to_string()))?;
        Ok(Self { connection, prefix: format!("{}{{views}}:", settings.prefix).into() })
    }

    pub(crate) async fn started(&self) {
        self.connection.started().await;
    }

    pub(crate) fn statistics(&self) -> RedisStatistics {
        self.connection.statistics()
    }

    /// Whether there is reason to hope for an answer. If not, Redis is asked in the background until it answers.
    pub(crate) fn is_usable(&self) -> bool {
        let usable = self.connection.is_reachable() && self.connection.client().is_connected();
        if !usable {
            self.connection.watch();
        }
        usable
    }

    /// Makes step `step` of batch `id`, of which steps count from 1: these views.
    pub(crate) async fn step(&self, id: Uuid, step: u64, views: &[View]) -> Result<Stepped, Unavailable> {
        let sketches = views.iter().map(|view| self.sketch_key(id, view.place()));
        let keys: Vec<String> = [self.batch_key(id), self.list_key()].into_iter().chain(sketches).collect();
        let mut arguments: Vec<Value> =
            vec![step.to_string().into(), id.to_string().into(), milliseconds(REFUSED_AFTER).into()];
        for view in views {
            arguments.push(view.place().to_string().into());
            arguments.push(Value::Bytes(Bytes::copy_from_slice(&view.viewer.0)));
        }
        let answer: i64 = self.run(STEP, keys, arguments).await?;
        Ok(match usize::try_from(answer) {
            Ok(opened) => Stepped::Made(opened),
            Err(_) if answer == -1 => Stepped::Closed,
            Err(_) => Stepped::Forgotten,
        })
    }

    /// The ids of batches that were opened that long ago or earlier, the oldest first.
    pub(crate) async fn opened(&self, ago: Duration) -> Result<Vec<Uuid>, Unavailable> {
        let arguments = vec![ago.as_secs().to_string().into(), DUE.to_string().into()];
        let ids: Vec<String> = self.run(FIND, vec![self.list_key()], arguments).await?;
        Ok(ids.iter().filter_map(|id| id.parse().ok()).collect())
    }

    /// Closes a batch, and reads it. What Redis has lost of it is not there.
    pub(crate) async fn close(&self, id: Uuid) -> Result<Batch, Unavailable> {
        let fields: Vec<String> = self.run(CLOSE, vec![self.batch_key(id)], Vec::new()).await?;
        let (fields, _) = fields.as_chunks::<2>();
        let views: BTreeMap<Place, u64> = fields
            .iter()
            .filter(|[field, _]| ![LAST, CLOSED].contains(&field.as_str()))
            .filter_map(|[field, value]| Some((field.parse().ok()?, value.parse().ok()?)))
            .collect();
        let mut counts = Vec::with_capacity(views.len());
        let views: Vec<(Place, u64)> = views.into_iter().collect();
        for some in views.chunks(AT_ONCE) {
            let keys: Vec<String> = some.iter().map(|(place, _)| self.sketch_key(id, *place)).collect();
            let values: Vec<Option<Bytes>> = self.connection.guarded(self.connection.commands().mget(keys)).await?;
            counts.extend(some.iter().zip(values).map(|((place, views), value)| Count {
                subject: place.subject,
                day: place.day,
                views: *views,
                viewers: value.and_then(|value| Sketch::from_redis(&value)).unwrap_or_default(),
            }));
        }
        Ok(Batch { id, counts })
    }

    /// Forgets a batch that is closed. One that another process has opened is still known to be closed for some time, since that may
    /// not have heard of it.
    pub(crate) async fn forget(&self, batch: &Batch, is_own: bool) -> Result<(), Unavailable> {
        for some in batch.counts.chunks(AT_ONCE) {
            let places = some.iter().map(|count| Place { subject: count.subject, day: count.day });
            let keys: Vec<String> = places.map(|place| self.sketch_key(batch.id, place)).collect();
            let _: u64 = self.connection.guarded(self.connection.commands().unlink(keys)).await?;
        }
        let known = if is_own { Duration::ZERO } else { KNOWN_TO_BE_CLOSED };
        let arguments = vec![batch.id.to_string().into(), milliseconds(known).into()];
        let _: u64 = self.run(FORGET, vec![self.batch_key(batch.id), self.list_key()], arguments).await?;
        Ok(())
    }

    fn list_key(&self) -> String {
        format!("{}batches", self.prefix)
    }

    fn batch_key(&self, id: Uuid) -> String {
        format!("{}batch:{id}", self.prefix)
    }

    fn sketch_key(&self, id: Uuid, place: Place) -> String {
        format!("{}batch:{id}:{place}", self.prefix)
    }

    async fn run<T>(&self, script: &'static str, keys: Vec<String>, arguments: Vec<Value>) -> Result<T, Unavailable>
    where
        T: fred::types::FromValue,
    {
        // The whole script each time, of which Redis keeps the compiled form: so there is none to be missing.
        let answer = async { self.connection.commands().eval::<T, _, _, _>(script, keys, arguments).await };
        self.connection.guarded::<T>(answer).await
    }
}

fn milliseconds(duration: Duration) -> String {
    duration.as_millis().to_string()
}
