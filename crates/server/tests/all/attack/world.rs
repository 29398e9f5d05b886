use std::time::Duration;

use tidewater_testkit::{Clock, Dump, Postgres, Proxy, Server, TestDatabase, TestRedis};
use tokio::time::sleep;

use super::schedule::{A_WHILE, SLOW, Schedule};
use crate::fixture::{binary, prepare};

/// Three servers on one PostgreSQL and one Redis, each behind a proxy. The third one's wall clock can be set, and it keeps the change
/// log for two seconds only.
pub(super) struct World {
    postgres: Postgres,
    database: TestDatabase,
    to_postgres: Proxy,
    redis: TestRedis,
    replica: Option<TestRedis>,
    to_redis: Proxy,
    dump: Dump,
    clock: Clock,
    servers: Vec<Server>,
    turn: usize,
}

impl World {
    pub(super) async fn start(max_staleness: Duration, first_fault: usize) -> Self {
        let postgres = Postgres::start().await;
        let database = postgres.database().await;
        prepare(database.url()).await;
        let redis = TestRedis::start_own().await;
        let (to_postgres, to_redis) = (Proxy::start(database.url()), Proxy::start(&redis.url()));
        let (database_url, redis_url) = (to_postgres.url_of(database.url()), to_redis.url_of(&redis.url()));
        let staleness = format!("{}ms", max_staleness.as_millis());
        let policy = format!("session:max_staleness={staleness};user:max_staleness={staleness}");
        let clock = Clock::new();
        let mut servers = Vec::new();
        for number in 0..3 {
            let mut environment = vec![
                ("DATABASE_URL", database_url.as_str()),
                ("REDIS_URL", redis_url.as_str()),
                ("TIDEWATER_MAX_STALENESS", staleness.as_str()),
                ("TIDEWATER_CACHE_POLICY", policy.as_str()),
                ("TIDEWATER_VERIFY_SAMPLE", "0.001"),
                ("FAILPOINTS", SLOW),
                // The load of a check is no viewer's usual one.
                ("TIDEWATER_REQUEST_RATE", "0"),
            ];
            if number == 2 {
                environment.extend(clock.environment());
                environment.extend([
                    ("TIDEWATER_ITEM_TTL", "1s"),
                    ("TIDEWATER_LIST_TTL", "1s"),
                    ("TIDEWATER_LOG_RETENTION", "2s"),
                ]);
            }
            servers.push(Server::start(binary(), &["serve"], &environment).await);
        }
        let dump = redis.save_dump().await;
        Self {
            postgres,
            database,
            to_postgres,
            redis,
            replica: None,
            to_redis,
            dump,
            clock,
            servers,
            turn: first_fault,
        }
    }

    pub(super) fn urls(&self) -> Vec<String> {
        self.servers.iter().map(|server| server.url().to_owned()).collect()
    }

    /// Past the proxy: who edits by hand has a way of their own.
    pub(super) fn database_url(&self) -> &str {
        self.database.url()
    }

    async fn fail_over(&mut self) {
        let replica = TestRedis::start_replica_of(&self.redis).await;
        replica.promote().await;
        // Meanwhile the old one goes on, so that the new one is behind.
        sleep(A_WHILE).await;
        self.to_redis.redirect(&replica.url());
        self.replica = Some(replica);
        sleep(A_WHILE).await;
        self.to_redis.redirect(&self.redis.url());
    }
}

impl Schedule for World {
    async fn next(&mut self) -> &'static str {
        let turn = self.turn;
        self.turn += 1;
        match turn % 21 {
            0 => {
                self.redis.flush_all().await;
                "Redis flushed"
            }
            1 => {
                self.to_postgres.delay(Duration::from_millis(15));
                sleep(A_WHILE).await;
                self.to_postgres.mend();
                "PostgreSQL slow"
            }
            2 => {
                self.to_redis.delay(Duration::from_millis(150));
                sleep(A_WHILE).await;
                self.to_redis.mend();
                "Redis slow"
            }
            3 => {
                self.servers[0].pause();
                sleep(Duration::from_secs(3)).await;
                self.servers[0].resume();
                "server paused for longer than the log is kept"
            }
            4 => {
                self.to_redis.half_open();
                sleep(A_WHILE).await;
                self.to_redis.mend();
                "Redis half open"
            }
            5 => {
                self.to_postgres.cut();
                sleep(A_WHILE).await;
                self.to_postgres.mend();
                "PostgreSQL cut"
            }
            6 => {
                self.dump = self.redis.save_dump().await;
                "Redis dumped"
            }
            7 => {
                self.servers[1].kill().await;
                self.servers[1].start_again().await;
                "server killed"
            }
            8 => {
                self.redis.pause();
                sleep(A_WHILE).await;
                self.redis.resume();
                "Redis paused"
            }
            9 => {
                self.postgres.pause();
                sleep(A_WHILE).await;
                self.postgres.resume();
                "PostgreSQL paused"
            }
            10 => {
                self.redis.restart_with_dump(&self.dump).await;
                "Redis restored from an old dump"
            }
            11 => {
                self.clock.set_back(Duration::from_secs(3_600));
                "clock set back"
            }
            12 => {
                self.postgres.crash_backend().await;
                "PostgreSQL crashed and recovered"
            }
            13 => {
                self.to_redis.swallow();
                sleep(A_WHILE).await;
                self.to_redis.mend();
                "Redis silent"
            }
            14 => {
                self.fail_over().await;
                "Redis failed over to a stale replica and back"
            }
            15 => {
                self.to_postgres.half_open();
                sleep(A_WHILE).await;
                self.to_postgres.mend();
                "PostgreSQL half open"
            }
            16 => {
                self.redis.stop().await;
                sleep(A_WHILE).await;
                self.redis.start_again().await;
                "Redis stopped and replaced by an empty one"
            }
            17 => {
                self.postgres.stop_immediately().await;
                self.postgres.start_again().await;
                "PostgreSQL stopped immediately"
            }
            18 => {
                self.clock.set_forward(Duration::from_secs(3_600));
                "clock set forward"
            }
            19 => {
                self.to_redis.cut();
                sleep(A_WHILE).await;
                self.to_redis.mend();
                "Redis cut"
            }
            _ => {
                self.to_postgres.swallow();
                sleep(A_WHILE).await;
                self.to_postgres.mend();
                "PostgreSQL silent"
            }
        }
    }
}
