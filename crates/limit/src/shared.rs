use std::sync::Arc;
use std::time::Duration;

use fred::interfaces::LuaInterface;
use tidewater_redis::{Connection, Unavailable};

use crate::clock::nanoseconds;
use crate::gcra::Gcra;
use crate::{RedisSettings, RedisStatistics, StartError};

/// How many batches a quota has. A smaller batch means a smaller error across servers, and asking Redis more often.
pub const BATCHES: u64 = 50;

/// What servers count together.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    connection: Connection,
    prefix: Arc<str>,
}

/// What a quota answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// How many units were taken; none if the least could not be.
    pub(crate) units: u64,
    /// How long it takes until the least can be taken, where nothing was.
    pub(crate) wait: Duration,
    /// How many more units could be taken now.
    pub(crate) left: u64,
}

/// Where an account's limits are. They share a hash tag, so that a script can use them together in a cluster.
#[derive(Clone, Debug)]
pub(crate) struct AccountKeys {
    /// There is something here if the address is familiar.
    familiar: String,
    /// What counts attempts from this address alone, if it is.
    own: String,
    /// What counts attempts from all others together.
    common: String,
}

/// Takes from `key`: at least ARGV[2] units and at most ARGV[3], of a quota of ARGV[4] units, each of which comes back in ARGV[1]
/// nanoseconds. The time is that of Redis, in microseconds; a moment further away than can be, by another quota or after the clock
/// was set back, is brought near.
const TAKE: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval = ARGV[1] / 1000
local least, most = tonumber(ARGV[2]), tonumber(ARGV[3])
local whole = interval * ARGV[4]
local whole_at = tonumber(redis.call('GET', key) or '0')
whole_at = math.max(now, math.min(whole_at, now + whole))
local left = math.floor((now + whole - whole_at) / interval + 0.000001)
local taken, wait = 0, 0
if left >= least then
    taken = math.min(left, most)
    left = left - taken
    whole_at = math.ceil(whole_at + interval * taken)
    redis.call('SET', key, string.format('%.0f', whole_at), 'PX', string.format('%.0f', math.ceil((whole_at - now) / 1000)))
else
    wait = math.ceil(whole_at + interval * least - whole - now)
end
";

const OF_ONE: &str = "local key = KEYS[1]";
const ANSWER: &str = "return {taken, wait, left, 0}";

const OF_ACCOUNT: &str = r"
local familiar = redis.call('EXISTS', KEYS[1])
local key = familiar == 1 and KEYS[2] or KEYS[3]
";
const ANSWER_OF_ACCOUNT: &str = "return {taken, wait, left, familiar}";

/// Gives a unit back, of which each comes back in ARGV[1] nanoseconds, to what counts if the address was familiar (ARGV[2] is 1) or
/// was not; and makes it familiar for ARGV[3] milliseconds, if these are any.
const GIVE_BACK: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local key = ARGV[2] == '1' and KEYS[2] or KEYS[3]
local whole_at = tonumber(redis.call('GET', key) or '0') - math.floor(ARGV[1] / 1000)
if whole_at > now then
    redis.call('SET', key, string.format('%.0f', whole_at), 'PX', string.format('%.0f', math.ceil((whole_at - now) / 1000)))
else
    redis.call('DEL', key)
end
if ARGV[3] ~= '0' then
    redis.call('SET', KEYS[1], '1', 'PX', ARGV[3])
end
return {}
";

impl Shared {
    /// Begins to connect in the background. Must be called within a runtime.
    pub(crate) fn open(settings: &RedisSettings) -> Result<Self, StartError> {
        let connection = Connection::open(settings, "each server limits rates by itself");
        let connection = connection.map_err(|error| StartError::RedisUrl(error.to_string()))?;
        Ok(Self { connection, prefix: settings.prefix.as_str().into() })
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

    /// Takes at least `least` and at most `most` units of what is counted under `name`.
    pub(crate) async fn take(&self, name: &str, gcra: &Gcra, least: u64, most: u64) -> Result<Taken, Unavailable> {
        let key = format!("{}limit:{name}", self.prefix);
        let script = [OF_ONE, TAKE, ANSWER].concat();
        self.run(script, vec![key], arguments(gcra, least, most)).await.map(|(taken, _)| taken)
    }

    /// Takes one unit of what an account has; and whether the address was familiar to it.
    pub(crate) async fn take_of_account(&self, keys: AccountKeys, gcra: &Gcra) -> Result<(Taken, bool), Unavailable> {
        let script = [OF_ACCOUNT, TAKE, ANSWER_OF_ACCOUNT].concat();
        self.run(script, keys.into(), arguments(gcra, 1, 1)).await
    }

    /// Gives back what [`take_of_account`](Self::take_of_account) took; makes the address familiar for `familiar`, if that is any.
    pub(crate) async fn give_back(
        &self,
        keys: AccountKeys,
        gcra: &Gcra,
        was_familiar: bool,
        familiar: Duration,
    ) -> Result<(), Unavailable> {
        let (interval, was_familiar) = (gcra.interval().to_string(), u8::from(was_familiar).to_string());
        let arguments = vec![interval, was_familiar, familiar.as_millis().to_string()];
        let keys: Vec<String> = keys.into();
        self.guarded(self.connection.commands().eval::<(), _, _, _>(GIVE_BACK, keys, arguments)).await
    }

    /// The keys of one account, for attempts from one address.
    pub(crate) fn account_keys(&self, account: u128, purpose: &str, network: &str) -> AccountKeys {
        let tagged = format!("{}limit:{{{account:032x}}}", self.prefix);
        AccountKeys {
            familiar: format!("{tagged}:familiar:{network}"),
            own: format!("{tagged}:{purpose}:{network}"),
            common: format!("{tagged}:{purpose}"),
        }
    }

    async fn run(
        &self,
        script: String,
        keys: Vec<String>,
        arguments: Vec<String>,
    ) -> Result<(Taken, bool), Unavailable> {
        // The whole script each time, of which Redis keeps the compiled form: so there is none to be missing.
        let commands = self.connection.commands();
        let answer = self.guarded(commands.eval::<Vec<u64>, _, _, _>(script, keys, arguments)).await?;
        let [units, wait, left, familiar] = answer[..] else { return Err(Unavailable) };
        Ok((Taken { units, wait: Duration::from_micros(wait), left }, familiar == 1))
    }

    async fn guarded<T>(&self, command: impl Future<Output = Result<T, fred::error::Error>>) -> Result<T, Unavailable> {
        let answer = self.connection.guarded(command).await;
        if answer.is_err() && !self.is_reachable() {
            self.connection.watch();
        }
        answer
    }
}

impl From<AccountKeys> for Vec<String> {
    fn from(keys: AccountKeys) -> Self {
        vec![keys.familiar, keys.own, keys.common]
    }
}

fn arguments(gcra: &Gcra, least: u64, most: u64) -> Vec<String> {
    let units = gcra.whole() / gcra.interval();
    [gcra.interval(), least, most, units].map(|number| number.to_string()).into()
}

/// How long an address stays familiar to an account after signing in.
pub(crate) const FAMILIAR: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The same in nanoseconds.
pub(crate) fn familiar_nanoseconds() -> u64 {
    nanoseconds(FAMILIAR)
}
