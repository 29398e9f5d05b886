use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fred::error::Error;
use fred::interfaces::LuaInterface;
use fred::types::{FromValue, Value};
use tidewater_redis::{Connection, is_unanswered};

use crate::texts::LARGEST;
use crate::{RedisSettings, RedisStatistics, StartError, TextHash};

/// How many texts Redis holds at most.
pub const MOST_SHARED: usize = 4_096;

/// How many are forgotten at a time, when there are more; Redis does nothing else meanwhile.
const AT_ONCE: usize = 16;

/// What processes share. Each text is a string; beside them is a sorted set of the hashes by the time of their last use. All keys share
/// a hash tag, so that a script can use them together in a cluster.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    connection: Connection,
    prefix: Arc<str>,
    ttl: Duration,
}

/// Reads the text at KEYS[1], but no more than is asked for; if there is any, it lives ARGV[1] milliseconds from now on, and ARGV[2] at
/// KEYS[2] has been used now. Whoever writes something else there is not answered more than a text can be.
const FIND: &str = r"
local text = redis.call('GETRANGE', KEYS[1], 0, ARGV[3])
if text ~= '' then
    redis.call('PEXPIRE', KEYS[1], ARGV[1])
    redis.call('ZADD', KEYS[2], redis.call('TIME')[1], ARGV[2])
    redis.call('PEXPIRE', KEYS[2], ARGV[1])
end
return text
";

/// Writes the text ARGV[3] to KEYS[1] for ARGV[1] milliseconds, whose hash ARGV[2] has been used now; that is noted at KEYS[2]. Of
/// more than ARGV[5] texts the least recently used go, ARGV[6] at most; their keys begin with ARGV[4].
const KEEP: &str = r"
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[1])
redis.call('ZADD', KEYS[2], redis.call('TIME')[1], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[1])
local beyond = math.min(redis.call('ZCARD', KEYS[2]) - ARGV[5], tonumber(ARGV[6]))
if beyond > 0 then
    local gone = redis.call('ZPOPMIN', KEYS[2], beyond)
    for index = 1, #gone, 2 do redis.call('UNLINK', ARGV[4] .. gone[index]) end
end
return ''
";

impl Shared {
    /// Begins to connect in the background. Must be called within a runtime.
    pub(crate) fn open(settings: &RedisSettings, ttl: Duration) -> Result<Self, StartError> {
        let connection = Connection::open(settings, "each server knows the documents that it was told itself");
        let connection = connection.map_err(|error| StartError::RedisUrl(error.to_string()))?;
        Ok(Self { connection, prefix: format!("{}{{documents}}:", settings.prefix).into(), ttl })
    }

    pub(crate) async fn started(&self) {
        self.connection.started().await;
    }

    pub(crate) fn statistics(&self) -> RedisStatistics {
        self.connection.statistics()
    }

    /// The text with this hash, if Redis has it and says so in time.
    pub(crate) async fn find(&self, hash: TextHash) -> Option<String> {
        let most: Value = LARGEST.to_string().into();
        let answer: Bytes = self.run(FIND, hash, vec![most]).await?;
        // It may be anything that somebody has written.
        let text = std::str::from_utf8(&answer).ok().filter(|_| answer.len() <= LARGEST)?;
        (TextHash::of(text) == hash).then(|| text.to_owned())
    }

    /// Lets the text with this hash be found for the time to live.
    pub(crate) async fn keep(&self, hash: TextHash, text: &str) {
        let text = Value::Bytes(Bytes::copy_from_slice(text.as_bytes()));
        let bounds = [MOST_SHARED, AT_ONCE].map(|bound| bound.to_string().into());
        let arguments = [text, self.prefix.to_string().into()].into_iter().chain(bounds).collect();
        // What is not kept is told again by whoever wants it.
        let _: Option<Bytes> = self.run(KEEP, hash, arguments).await;
    }

    async fn run<T: FromValue>(&self, script: &'static str, hash: TextHash, more: Vec<Value>) -> Option<T> {
        let keys = vec![format!("{}{hash}", self.prefix), format!("{}uses", self.prefix)];
        let ttl = self.ttl.as_millis().max(1).to_string();
        let arguments: Vec<Value> = [ttl.into(), hash.to_string().into()].into_iter().chain(more).collect();
        // The whole script each time, of which Redis keeps the compiled form: so there is none to be missing.
        let answer = self.connection.guarded(async {
            let answer: Result<T, Error> = self.connection.commands().eval(script, keys, arguments).await;
            match answer {
                Ok(answer) => Ok(Some(answer)),
                // A key of another type, or no room: Redis answers.
                Err(error) if !is_unanswered(&error) => Ok(None),
                Err(error) => Err(error),
            }
        });
        let answer = answer.await;
        if answer.is_err() && !self.connection.is_reachable() {
            self.connection.watch();
        }
        answer.ok().flatten()
    }
}
