//! The checker finds what each protection is for: with one switched off, in a binary that tests only can get, it reports
//! violations. A check that cannot fail proves nothing.

use std::time::Duration;

use serde_json::Value;
use tidewater_check::{Report, Settings, check};
use tidewater_testkit::{Postgres, Server, TestDatabase, TestRedis};
use tokio::time::sleep;

use crate::fixture::{binary, eventually, prepare};

/// Two servers on one PostgreSQL and one Redis. The second keeps the change log for two seconds only.
struct World {
    postgres: Postgres,
    database: TestDatabase,
    redis: TestRedis,
    servers: Vec<Server>,
}

impl World {
    async fn start(fault_points: &str) -> Self {
        let postgres = Postgres::start().await;
        let database = postgres.database().await;
        prepare(database.url()).await;
        let redis = TestRedis::start_own().await;
        let redis_url = redis.url();
        let first = [
            ("DATABASE_URL", database.url()),
            ("REDIS_URL", redis_url.as_str()),
            ("FAILPOINTS", fault_points),
            // The load of a check is no viewer's usual one.
            ("TIDEWATER_REQUEST_RATE", "0"),
        ];
        let forgetful = [("TIDEWATER_ITEM_TTL", "1s"), ("TIDEWATER_LIST_TTL", "1s"), ("TIDEWATER_LOG_RETENTION", "2s")];
        let second = [&first[..], &forgetful].concat();
        let servers =
            vec![Server::start(binary(), &["serve"], &first).await, Server::start(binary(), &["serve"], &second).await];
        Self { postgres, database, redis, servers }
    }

    /// What the checker has to say while its writers pause so long between two writes, and `meddle` goes on.
    async fn checked(&mut self, pause: Duration, meddle: impl AsyncFn(&mut Vec<Server>)) -> Report {
        let settings = Settings {
            urls: self.servers.iter().map(|server| server.url().to_owned()).collect(),
            database_url: Some(self.database.url().to_owned()),
            duration: Some(Duration::from_secs(6)),
            bulk_rows: 0,
            pause,
            seed: Some(7),
            ..Settings::default()
        };
        let checking = tokio::spawn(check(settings, |_| {}));
        meddle(&mut self.servers).await;
        checking.await.unwrap().unwrap()
    }

    /// Makes the database `target` a copy of `source`, while the servers are down.
    async fn copy(&mut self, source: &str, target: &str) {
        for server in &mut self.servers {
            server.terminate().await;
        }
        let administration = self.postgres.database().await;
        administration.sql(&format!("DROP DATABASE {target} WITH (FORCE)")).await;
        administration.sql(&format!("CREATE DATABASE {target} TEMPLATE {source}")).await;
        for server in &mut self.servers {
            server.start_again().await;
        }
    }
}

fn name(database: &TestDatabase) -> String {
    database.url().rsplit('/').next().unwrap().to_owned()
}

/// Writers that leave no key alone for long.
const BUSY: Duration = Duration::from_millis(5);
/// Writers that leave most keys as they are for seconds: what was missed then shows.
const LEISURELY: Duration = Duration::from_millis(200);

/// How often the checker is run at most until it objects: what it needs to meet is a race.
const ATTEMPTS: usize = 6;

/// Without `protection`, something wrong is found, sooner or later.
async fn is_needed(protection: &str, delays: &str, pause: Duration, meddle: impl AsyncFn(&mut Vec<Server>)) {
    let mut world = World::start(&format!("{protection}=return;{delays}")).await;
    for _ in 0..ATTEMPTS {
        let report = world.checked(pause, &meddle).await;
        if report.violations > 0 {
            return;
        }
    }
    panic!("the checker does not miss {protection}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_flight_must_not_be_joined() {
    is_needed("flight_age", "after_source=return(100)", BUSY, async |_| {}).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_of_must_be_taken_before_the_read() {
    is_needed("as_of_before_read", "after_source=50%return(60)", BUSY, async |_| {}).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_must_be_noted_before_their_position_is_published() {
    is_needed("note_before_publish", "before_late_note=return(20)", BUSY, async |_| {}).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mark_must_tell_what_was_running() {
    is_needed("snapshot", "", BUSY, async |_| {}).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_floor_past_the_last_mark_must_be_noticed() {
    let pause = async |servers: &mut Vec<Server>| {
        sleep(Duration::from_millis(1_500)).await;
        servers[0].pause();
        sleep(Duration::from_secs(4)).await;
        servers[0].resume();
    };
    is_needed("floor", "", LEISURELY, pause).await;
}

/// What a server answers after its database was put back to what it had been, under a Redis that remembers what came in
/// between. The checker cannot ask this: what it knows ends with the history that it wrote.
async fn title_after_a_restore(fault_points: &str) -> String {
    let mut world = World::start(fault_points).await;
    // So that the log does not end with what filled the notes: else they would count as changed since they are in Redis.
    world.database.sql("UPDATE profile SET bio = 'later'").await;
    let backup = world.postgres.database().await;
    let (served, kept) = (name(&world.database), name(&backup));
    world.copy(&served, &kept).await;
    let title = async |world: &World| {
        let answer = world.servers[0].graphql("{ notes(first: 1) { nodes { title } } }", Value::Null).await;
        answer["data"]["notes"]["nodes"][0]["title"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    };
    world.database.sql("UPDATE note SET title = 'lost'").await;
    assert_eq!(title(&world).await, "lost");
    eventually("the note is in Redis", async || world.redis.keys().await.iter().any(|key| key.contains(":note:")))
        .await;
    world.copy(&kept, &served).await;
    title(&world).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_generation_must_keep_histories_apart() {
    assert_eq!(title_after_a_restore("generation=return").await, "lost");
    assert_ne!(title_after_a_restore("").await, "lost");
}

/// What no trigger logs, nobody can know of: the checker must object.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn disabled_triggers_are_found() {
    let mut world = World::start("").await;
    world.database.sql("ALTER TABLE todo DISABLE TRIGGER USER; ALTER TABLE note DISABLE TRIGGER USER").await;
    let report = world.checked(LEISURELY, async |_| {}).await;
    assert!(report.violations > 0, "{report}");
}
