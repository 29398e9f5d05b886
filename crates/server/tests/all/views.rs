//! Views while everything fails: what was acknowledged is counted, once.

use std::sync::atomic::{AtomicU64, Ordering};

use futures::future::join_all;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use tidewater_testkit::{Backend, Server, TestDatabase, TestRedis, on_each_backend};

use crate::fixture::{PATIENT, binary, eventually, seeded, succeed};

const VIEW: &str = "mutation($input: ViewNoteInput!) { viewNote(input: $input) { note { id } } }";
const COUNTS: &str = "query($id: ID!) { note(id: $id) { viewCount viewerCount viewsCountedAt } }";
const OFTEN: (&str, &str) = ("TIDEWATER_VIEW_FLUSH_INTERVAL", "100ms");
const NEVER: (&str, &str) = ("TIDEWATER_VIEW_FLUSH_INTERVAL", "1h");
const HELD: &str = "return(600000)";

/// Servers over one database and perhaps one Redis, and a note that is seen.
struct World {
    database: TestDatabase,
    redis: Option<TestRedis>,
    servers: Vec<Server>,
    note: String,
    acknowledged: AtomicU64,
}

impl World {
    async fn new(backend: Backend, servers: usize, settings: &[(&str, &str)]) -> Self {
        Self::over(seeded(backend).await, backend.redis().await, servers, settings).await
    }

    async fn over(database: TestDatabase, redis: Option<TestRedis>, servers: usize, settings: &[(&str, &str)]) -> Self {
        let given = redis.as_ref().map(|redis| (redis.url(), redis.prefix().to_owned()));
        let mut environment = vec![("DATABASE_URL", database.url()), ("TIDEWATER_REQUEST_RATE", "0"), PATIENT];
        if let Some((url, prefix)) = &given {
            environment.extend([("REDIS_URL", url.as_str()), ("TIDEWATER_REDIS_KEY_PREFIX", prefix.as_str())]);
        }
        environment.extend(settings);
        let start = || Server::start(binary(), &["serve"], &environment);
        let servers = join_all((0..servers).map(|_| start())).await;
        let notes = servers[0].graphql("{ notes { nodes { id } } }", Value::Null).await;
        let note = notes["data"]["notes"]["nodes"][0]["id"].as_str().unwrap().to_owned();
        Self { database, redis, servers, note, acknowledged: AtomicU64::new(0) }
    }

    /// Lets the note be seen so often, through that server.
    async fn see(&self, server: usize, often: u64) {
        for _ in 0..often {
            let answer = self.servers[server].graphql(VIEW, json!({ "input": { "id": self.note } })).await;
            assert!(answer.get("errors").is_none(), "{answer}");
            self.acknowledged.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How often it was seen, and by how many.
    async fn counts(&self, server: usize) -> (u64, u64) {
        let answer = self.servers[server].graphql(COUNTS, json!({ "id": self.note })).await;
        let note = &answer["data"]["note"];
        let counts = (note["viewCount"].as_u64().unwrap(), note["viewerCount"].as_u64().unwrap());
        assert_eq!(note["viewsCountedAt"].is_null(), counts.0 == 0, "{answer}");
        counts
    }

    /// Waits until everything that was acknowledged is counted, and whoever has seen it as one; and makes sure that it stays so.
    async fn is_exact(&self, server: usize) {
        for _ in 0..2 {
            eventually("everything is counted", async || {
                let (counted, expected) = (self.counts(server).await.0, self.acknowledged.load(Ordering::Relaxed));
                assert!(counted <= expected, "{counted} were counted of {expected}\n{}", self.servers[server].log());
                counted == expected
            })
            .await;
            assert_eq!(self.counts(server).await.1, 1);
            self.see(server, 1).await;
        }
    }

    /// Whether somebody is adding a batch to the database.
    async fn is_adding(&self) -> bool {
        let connection = self.database.connect().await;
        let query = "SELECT count(*) AS held FROM pg_locks WHERE locktype = 'advisory' AND granted \
                     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        let row = connection.query_one_raw(Statement::from_string(connection.get_database_backend(), query)).await;
        let held = row.unwrap().unwrap().try_get::<i64>("", "held").unwrap() > 0;
        connection.close().await.unwrap();
        held
    }

    /// Whether a batch in Redis is closed.
    async fn has_closed(&self) -> bool {
        let redis = self.redis.as_ref().unwrap();
        let script = "for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
                if redis.call('TYPE', key).ok == 'hash' and redis.call('HLEN', key) > 2
                    and redis.call('HEXISTS', key, 'closed') == 1 then return 1 end
            end
            return 0";
        redis.command(&["EVAL", script, "0", &format!("{}*", redis.prefix())]).await == 1
    }
}

#[tokio::test]
async fn a_server_that_is_killed_at_any_step_of_a_flush_loses_nothing_and_repeats_nothing() {
    for point in ["views_closed", "views_recorded", "views_added", "views_committed"] {
        let fault = format!("{point}={HELD}");
        let mut world = World::new(Backend::PostgresRedis, 1, &[OFTEN, ("FAILPOINTS", &fault)]).await;
        world.see(0, 10).await;
        eventually(point, async || match point {
            "views_closed" => world.has_closed().await,
            "views_committed" => world.counts(0).await.0 > 0,
            _ => world.is_adding().await,
        })
        .await;
        // While the flush is held up, views go on.
        world.see(0, 5).await;
        world.servers[0].kill().await;
        world.servers[0].start_again_with(&[("FAILPOINTS", "")]).await;
        world.see(0, 5).await;
        world.is_exact(0).await;
    }
}

#[tokio::test]
async fn a_server_that_is_killed_again_and_again_is_replaced_by_another() {
    let mut world = World::new(Backend::PostgresRedis, 2, &[OFTEN]).await;
    for round in 0..6 {
        let killed = round % 2;
        world.see(killed, 3 + 7 * round as u64).await;
        world.servers[killed].kill().await;
        world.see(1 - killed, 2).await;
        world.servers[killed].start_again().await;
    }
    world.is_exact(0).await;
}

#[tokio::test]
async fn a_flush_that_hangs_while_another_server_flushes_the_same_adds_nothing_twice() {
    let slow = ("FAILPOINTS", "views_closed=return(3000)");
    let mut world = World::new(Backend::PostgresRedis, 1, &[OFTEN, slow]).await;
    world.see(0, 10).await;
    eventually("the batch is closed", async || world.has_closed().await).await;
    world.servers[0].pause();
    let given = world.redis.as_ref().map(|redis| (redis.url(), redis.prefix().to_owned())).unwrap();
    let environment = [
        ("DATABASE_URL", world.database.url()),
        ("REDIS_URL", &given.0),
        ("TIDEWATER_REDIS_KEY_PREFIX", &given.1),
        OFTEN,
        PATIENT,
    ];
    let second = Server::start(binary(), &["serve"], &environment).await;
    world.servers.push(second);
    eventually("the other has added it", async || world.counts(1).await.0 == 10).await;
    world.servers[0].resume();
    world.see(0, 5).await;
    world.is_exact(1).await;
}

#[tokio::test]
async fn two_servers_that_flush_all_the_time_count_exactly() {
    let world = World::new(Backend::PostgresRedis, 2, &[("TIDEWATER_VIEW_FLUSH_INTERVAL", "10ms")]).await;
    tokio::join!(world.see(0, 150), world.see(1, 150), world.see(0, 50), world.see(1, 50));
    world.is_exact(0).await;
}

#[tokio::test]
async fn what_a_flushed_redis_forgets_is_what_was_not_flushed() {
    let mut world = World::new(Backend::PostgresRedis, 1, &[NEVER]).await;
    world.see(0, 10).await;
    world.servers[0].terminate().await;
    world.servers[0].start_again().await;
    assert_eq!(world.counts(0).await, (10, 1), "whoever stops flushes");
    world.see(0, 5).await;
    world.redis.as_ref().unwrap().flush_all().await;
    world.see(0, 7).await;
    world.servers[0].terminate().await;
    world.servers[0].start_again().await;
    assert_eq!(world.counts(0).await, (17, 1));
}

#[tokio::test]
async fn without_redis_views_go_on_and_that_is_said_once() {
    let redis = TestRedis::start_own().await;
    let mut world = World::over(seeded(Backend::PostgresRedis).await, Some(redis), 1, &[OFTEN]).await;
    world.see(0, 10).await;
    eventually("it is flushed", async || world.counts(0).await.0 == 10).await;
    let mut redis = world.redis.take().unwrap();
    redis.stop().await;
    world.see(0, 20).await;
    eventually("most of it is flushed", async || world.counts(0).await.0 >= 29).await;
    // A single command that fails is no outage.
    world.servers[0].logged("each server counts views by itself").await;
    redis.start_again().await;
    world.see(0, 5).await;
    world.is_exact(0).await;
    let log = world.servers[0].log();
    assert_eq!(log.lines().filter(|line| line.contains("each server counts views by itself")).count(), 1, "{log}");
}

#[tokio::test]
async fn a_database_that_refuses_in_the_middle_gets_it_later() {
    let world = World::new(Backend::PostgresRedis, 1, &[OFTEN]).await;
    world.see(0, 10).await;
    eventually("it is flushed", async || world.counts(0).await.0 == 10).await;
    world.database.sql("ALTER TABLE note_view_day RENAME TO gone").await;
    world.see(0, 10).await;
    world.servers[0].logged("views cannot be brought into the database and wait").await;
    world.see(0, 10).await;
    assert_eq!(world.counts(0).await.0, 10);
    world.database.sql("ALTER TABLE gone RENAME TO note_view_day").await;
    world.is_exact(0).await;
    let log = world.servers[0].log();
    assert_eq!(log.lines().filter(|line| line.contains("views cannot be brought")).count(), 1, "{log}");
    world.servers[0].logged("views are brought into the database again").await;
}

#[tokio::test]
async fn what_fills_is_flushed_early() {
    const NOTES: usize = 1_200;
    let database = TestDatabase::sqlite().await;
    let environment = [("DATABASE_URL", database.url())];
    succeed(&["migrate", "up"], &environment).await;
    succeed(&["seed", "--users", "1", "--todos", "0", "--notes", &NOTES.to_string()], &environment).await;
    database.sql("UPDATE note SET visibility = 'PUBLIC'").await;
    let world = World::over(database, None, 1, &[NEVER, ("TIDEWATER_MAX_ROOT_FIELDS", "100")]).await;
    let (mut after, mut seen) = (Value::Null, 0);
    while seen < NOTES {
        let page = "query($after: String) { notes(first: 100, after: $after) { nodes { id } pageInfo { endCursor } } }";
        let page = world.servers[0].graphql(page, json!({ "after": after })).await["data"]["notes"].take();
        let ids = page["nodes"].as_array().unwrap();
        let see = |(number, note): (usize, &Value)| {
            format!("v{number}: viewNote(input: {{ id: {} }}) {{ note {{ id }} }}", note["id"])
        };
        let all: Vec<String> = ids.iter().enumerate().map(see).collect();
        let answer = world.servers[0].graphql(&format!("mutation {{ {} }}", all.join(" ")), Value::Null).await;
        assert!(answer.get("errors").is_none(), "{answer}");
        (after, seen) = (page["pageInfo"]["endCursor"].clone(), seen + ids.len());
    }
    eventually("it is flushed", async || world.counts(0).await.0 == 1).await;
}

#[tokio::test]
async fn without_redis_a_server_that_is_killed_repeats_nothing() {
    for backend in [Backend::Postgres, Backend::Sqlite] {
        let fault = format!("views_committed={HELD}");
        let mut world = World::new(backend, 1, &[OFTEN, ("FAILPOINTS", &fault)]).await;
        world.see(0, 10).await;
        eventually("it is added", async || world.counts(0).await.0 > 0).await;
        let added = world.counts(0).await.0;
        world.servers[0].kill().await;
        world.servers[0].start_again_with(&[("FAILPOINTS", "")]).await;
        assert_eq!(world.counts(0).await.0, added);
        world.acknowledged.store(added, Ordering::Relaxed);
        world.see(0, 5).await;
        world.is_exact(0).await;
    }
}

on_each_backend! {
    async fn whoever_stops_flushes_first(backend) {
        let mut world = World::new(backend, 1, &[NEVER]).await;
        world.see(0, 7).await;
        assert_eq!(world.counts(0).await, (0, 0));
        let (code, log) = world.servers[0].terminate().await;
        assert_eq!(code, 0, "{log}");
        world.servers[0].start_again().await;
        assert_eq!(world.counts(0).await, (7, 1));
    }

    async fn addresses_are_told_apart_and_the_same_on_all_servers(backend) {
        let settings = [OFTEN, ("TIDEWATER_TRUSTED_PROXIES", "127.0.0.0/8")];
        let servers = if backend == Backend::Sqlite { 1 } else { 2 };
        let world = World::new(backend, servers, &settings).await;
        for address in ["192.0.2.1", "192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"] {
            for server in &world.servers {
                let request = json!({ "query": VIEW, "variables": { "input": { "id": world.note } } });
                let answer = server.ask(&[("x-forwarded-for", address)], &request).await;
                assert!(answer.body.get("errors").is_none(), "{}", answer.body);
            }
        }
        let expected = (5 * servers as u64, 3);
        eventually("all are counted", async || world.counts(0).await == expected).await;
    }
}
