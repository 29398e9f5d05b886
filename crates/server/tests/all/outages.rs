//! What a server does while Redis or the database cannot be reached, in every way that a network and a process can fail, and how
//! it comes back.

use std::time::Duration;

use reqwest::{StatusCode, Url};
use serde_json::{Value, json};
use tidewater_testkit::{Backend, Postgres, Proxy, Server, TestDatabase, TestRedis};
use tokio::time::Instant;

use crate::fixture::{binary, eventually, prepare, seeded, sign_in};

const TODOS: &str = "{ viewer { todos { totalCount nodes { text } } } }";
const NOTES: &str = "{ notes(first: 5) { nodes { title } } }";
const USERS: &str = "{ notes(first: 5) { nodes { user { name } } } }";

/// How long a strict read may take to fail, as the README states it.
const STATED: Duration = Duration::from_secs(5);
/// Longer than the second that the README states, for the machine that tests run on is busy.
const BACK: Duration = Duration::from_secs(4);

/// What can become of the way to a server, and how that begins.
type Fault = (&'static str, fn(&Proxy));

/// A server on PostgreSQL and, through a proxy, on Redis.
struct BehindRedis {
    database: TestDatabase,
    redis: TestRedis,
    proxy: Proxy,
    server: Server,
    token: String,
    round: u32,
}

impl BehindRedis {
    async fn start() -> Self {
        let (database, redis) = (seeded(Backend::PostgresRedis).await, TestRedis::start_own().await);
        let proxy = Proxy::start(redis.url().trim_start_matches("redis://"));
        let url = proxy.url_of(&redis.url());
        let environment = [("DATABASE_URL", database.url()), ("REDIS_URL", url.as_str())];
        let server = Server::start(binary(), &["serve"], &environment).await;
        let token = sign_in(&server, 2).await;
        Self { database, redis, proxy, server, token, round: 0 }
    }

    /// Changes every todo in the database, and reads them: each answer comes, and shows the change.
    async fn changes_are_seen(&mut self, times: usize) {
        for _ in 0..times {
            self.round += 1;
            let text = format!("round {}", self.round);
            self.database.sql(&format!("UPDATE todo SET text = '{text}'")).await;
            let answer = self.server.graphql_as(&self.token, TODOS, Value::Null).await;
            let todos = answer["data"]["viewer"]["todos"]["nodes"].as_array().unwrap_or_else(|| panic!("{answer}"));
            assert!(todos.len() == 3 && todos.iter().all(|todo| todo["text"] == text.as_str()), "{text}: {answer}");
        }
    }

    async fn is_filled(&self) {
        eventually("values are in Redis", async || self.redis.keys().await.iter().any(|key| key.contains(":todo:")))
            .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_and_none_is_stale_whatever_becomes_of_the_way_to_redis() {
    let mut world = BehindRedis::start().await;
    world.changes_are_seen(2).await;
    let faults: [Fault; 4] = [
        ("slow", |proxy| proxy.delay(Duration::from_secs(1))),
        ("silent", Proxy::swallow),
        ("cut", Proxy::cut),
        ("half open", Proxy::half_open),
    ];
    for (name, begin) in faults {
        begin(&world.proxy);
        world.changes_are_seen(8).await;
        world.proxy.mend();
        world.changes_are_seen(4).await;
        assert!(world.server.log().lines().all(|line| !line.contains("ERROR")), "{name}: {}", world.server.log());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_and_none_is_stale_whatever_becomes_of_redis() {
    let mut world = BehindRedis::start().await;
    world.changes_are_seen(2).await;
    world.is_filled().await;
    // A copy that will have stood still when it takes over.
    let replica = TestRedis::start_replica_of(&world.redis).await;
    replica.promote().await;
    world.redis.pause();
    world.changes_are_seen(4).await;
    world.redis.resume();
    world.redis.fill_up().await;
    world.changes_are_seen(4).await;
    world.redis.make_room().await;
    world.redis.stop().await;
    world.changes_are_seen(4).await;
    world.redis.start_again().await;
    world.changes_are_seen(4).await;
    world.proxy.redirect(replica.url().trim_start_matches("redis://"));
    world.changes_are_seen(4).await;
}

/// A server on a PostgreSQL of its own behind a proxy. Notes are served for an hour while it is gone; users are not.
struct BehindPostgres {
    postgres: Postgres,
    database: TestDatabase,
    proxy: Proxy,
    server: Server,
    round: u32,
}

impl BehindPostgres {
    async fn start() -> Self {
        let postgres = Postgres::start().await;
        let database = postgres.database().await;
        prepare(database.url()).await;
        let address = database.url().split('@').nth(1).and_then(|rest| rest.split('/').next()).unwrap();
        let proxy = Proxy::start(address);
        let url = proxy.url_of(database.url());
        let environment = [("DATABASE_URL", url.as_str()), ("TIDEWATER_CACHE_POLICY", "note:stale_if_error=1h")];
        let server = Server::start(binary(), &["serve"], &environment).await;
        Self { postgres, database, proxy, server, round: 0 }
    }

    async fn ask(&self, query: &str) -> tidewater_testkit::Answer {
        self.server.ask(&[], &json!({ "query": query })).await
    }

    /// Fills the pool with connections, and the caches with notes and users.
    async fn warm(&self) {
        futures::future::join_all((0..32).map(|_| self.ask(USERS))).await;
        for query in [NOTES, USERS] {
            assert!(self.ask(query).await.body.get("errors").is_none());
        }
    }

    /// What is promised while the database cannot be asked.
    async fn is_gone(&self, how: &str) {
        for _ in 0..3 {
            let begun = Instant::now();
            let strict = self.ask(USERS).await;
            assert_eq!(strict.body["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{how}: {}", strict.body);
            assert!(begun.elapsed() < STATED, "{how}: {:?}", begun.elapsed());
            let lasting = self.ask(NOTES).await;
            assert_eq!(lasting.status, StatusCode::OK);
            assert!(lasting.body["data"]["notes"]["nodes"][0]["title"].is_string(), "{how}: {}", lasting.body);
            assert_eq!(lasting.body["extensions"]["tidewater"]["stale"], true, "{how}: {}", lasting.body);
            let status = lasting.headers["cache-status"].to_str().unwrap();
            assert!(status.contains("hit; ttl=-") && status.contains("stale-if-error"), "{how}: {status}");
            let url = Url::parse_with_params(&format!("{}/graphql", self.server.url()), [("query", NOTES)]).unwrap();
            let unkept = self.server.client().get(url).send().await.unwrap();
            assert_eq!(unkept.status(), StatusCode::OK);
            assert!(!unkept.headers().contains_key("etag"), "{how}: no client may keep it");
        }
    }

    /// What is promised when it can be asked again, from now on: strict answers, and soon.
    async fn is_back(&mut self, how: &str) {
        let begun = Instant::now();
        while self.ask(USERS).await.body.get("errors").is_some() {
            assert!(begun.elapsed() < BACK, "{how}: still unavailable: {}", self.server.log());
        }
        eprintln!("{how}: back after {:?}", begun.elapsed());
        self.round += 1;
        let name = format!("round {}", self.round);
        self.database.sql(&format!("UPDATE \"user\" SET name = '{name}'; UPDATE note SET title = '{name}'")).await;
        for query in [USERS, NOTES] {
            let answer = self.ask(query).await.body;
            assert!(answer.to_string().contains(&name), "{how}: {answer}");
            assert!(answer["extensions"]["tidewater"].get("stale").is_none(), "{how}: {answer}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strict_reads_fail_soon_and_lasting_ones_say_so_whatever_becomes_of_the_way_to_the_database() {
    let mut world = BehindPostgres::start().await;
    let faults: [Fault; 3] = [("silent", Proxy::swallow), ("cut", Proxy::cut), ("half open", Proxy::half_open)];
    for (how, begin) in faults {
        world.warm().await;
        begin(&world.proxy);
        world.is_gone(how).await;
        world.proxy.mend();
        world.is_back(how).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strict_reads_fail_soon_and_lasting_ones_say_so_whatever_becomes_of_the_database() {
    let mut world = BehindPostgres::start().await;
    world.warm().await;
    world.postgres.pause();
    world.is_gone("paused").await;
    world.postgres.resume();
    world.is_back("paused").await;

    world.warm().await;
    world.postgres.kill().await;
    world.is_gone("killed").await;
    world.postgres.start_again().await;
    world.is_back("killed").await;

    world.warm().await;
    world.postgres.stop_immediately().await;
    world.is_gone("stopped immediately").await;
    world.postgres.start_again().await;
    world.is_back("stopped immediately").await;

    world.warm().await;
    world.postgres.crash_backend().await;
    world.is_back("crashed").await;
}
