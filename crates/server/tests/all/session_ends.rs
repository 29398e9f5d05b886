//! How sessions end on several servers at once, remembered responses included, and what does not end them.

use std::time::Duration;

use serde_json::{Value, json};
use tidewater_testkit::{Answer, Backend, Clock, Server, TestDatabase, TestRedis};

use crate::fixture::{PATIENT, binary, eventually, seeded, sign_in};

const TODOS: &str = "{ todos(first: 5) { totalCount nodes { text } } }";
const REVOKE_OTHERS: &str = "mutation { revokeOtherSessions { revokedCount } }";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Two servers over one PostgreSQL and one Redis.
struct World {
    database: TestDatabase,
    redis: TestRedis,
    servers: [Server; 2],
}

impl World {
    async fn start(settings: &[(&str, &str)]) -> Self {
        let (database, redis) = (seeded(Backend::PostgresRedis).await, TestRedis::start_own().await);
        let url = redis.url();
        let environment =
            [&[("DATABASE_URL", database.url()), ("REDIS_URL", url.as_str()), PATIENT], settings].concat();
        let server = || Server::start(binary(), &["serve"], &environment);
        let servers = [server().await, server().await];
        Self { database, redis, servers }
    }

    async fn ask(&self, server: usize, token: &str, query: &str) -> Answer {
        let authorization = format!("Bearer {token}");
        self.servers[server].ask(&[("authorization", &authorization)], &json!({ "query": query })).await
    }

    /// Asks both servers until they remember the answer.
    async fn remember(&self, token: &str) {
        for server in 0..2 {
            // What a server first hears of while it answers is not remembered.
            eventually("the answer is remembered", async || self.is_remembered(server, token).await).await;
        }
    }

    async fn is_remembered(&self, server: usize, token: &str) -> bool {
        let answer = self.ask(server, token, TODOS).await;
        assert!(answer.body.get("errors").is_none(), "{}", answer.body);
        answer.headers["cache-status"] == "Tidewater; hit; detail=\"response\""
    }

    async fn is_refused(&self, server: usize, token: &str) -> bool {
        let answer = self.ask(server, token, TODOS).await;
        answer.body["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    }

    async fn is_recorded(&self) -> bool {
        self.database.sql("UPDATE session_activity SET last_seen_at = last_seen_at").await > 0
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ends_on_one_server_has_ended_on_all() {
    let world = World::start(&[]).await;
    for round in 0..5 {
        let (kept, revoked) = (sign_in(&world.servers[0], 2).await, sign_in(&world.servers[1], 2).await);
        world.remember(&kept).await;
        world.remember(&revoked).await;
        let ended = world.ask(round % 2, &kept, REVOKE_OTHERS).await;
        assert_eq!(ended.body["data"]["revokeOtherSessions"]["revokedCount"], if round == 0 { 1 } else { 2 });
        for server in [1 - round % 2, round % 2] {
            assert!(world.is_refused(server, &revoked).await, "round {round}");
            assert!(world.is_remembered(server, &kept).await, "another session goes on");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_emptied_or_stopped_redis_signs_nobody_out_and_lets_nobody_in() {
    let mut world = World::start(&[]).await;
    let (kept, revoked) = (sign_in(&world.servers[0], 2).await, sign_in(&world.servers[1], 2).await);
    world.remember(&kept).await;
    world.remember(&revoked).await;
    world.redis.flush_all().await;
    for token in [&kept, &revoked] {
        assert!(!world.is_refused(0, token).await && !world.is_refused(1, token).await);
    }
    world.redis.stop().await;
    world.ask(0, &kept, REVOKE_OTHERS).await;
    for server in 0..2 {
        assert!(world.is_refused(server, &revoked).await);
        assert!(world.is_remembered(server, &kept).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_lasts_while_it_is_used_on_any_server_and_no_longer() {
    let clock = Clock::new();
    let world = World::start(&clock.environment()).await;
    let token = sign_in(&world.servers[0], 2).await;
    world.remember(&token).await;
    // One server answers from memory. That counts as use, and does not change what is remembered.
    clock.set_forward(20 * DAY);
    assert!(world.is_remembered(0, &token).await);
    eventually("its use is recorded", async || world.is_recorded().await).await;
    assert!(world.is_remembered(0, &token).await);
    // The other has not seen it for forty days.
    clock.set_forward(40 * DAY);
    assert!(!world.is_refused(1, &token).await);
    eventually("its use is recorded", async || {
        let late = "UPDATE session_activity SET last_seen_at = last_seen_at \
                    WHERE last_seen_at > (SELECT created_at + interval '39 days' FROM session)";
        world.database.sql(late).await > 0
    })
    .await;
    for server in 0..2 {
        assert!(!world.is_refused(server, &token).await);
        assert!(world.is_remembered(server, &token).await);
    }
    clock.set_forward(69 * DAY);
    assert!(!world.is_refused(0, &token).await, "used 29 days ago");
    clock.set_forward(91 * DAY);
    for server in 0..2 {
        assert!(world.is_refused(server, &token).await, "ninety days are the most");
    }

    clock.right();
    let token = sign_in(&world.servers[0], 3).await;
    world.remember(&token).await;
    clock.set_forward(30 * DAY + Duration::from_secs(60));
    for server in 0..2 {
        assert!(world.is_refused(server, &token).await, "unused for thirty days");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_record_a_use_once_a_minute() {
    let world = World::start(&[]).await;
    let token = sign_in(&world.servers[0], 2).await;
    world.database.sql("UPDATE session SET created_at = created_at - interval '5 minutes'").await;
    let count = "CREATE TABLE record (number serial); \
                 CREATE FUNCTION count_record() RETURNS trigger LANGUAGE plpgsql AS \
                 'BEGIN INSERT INTO record DEFAULT VALUES; RETURN NULL; END'; \
                 CREATE TRIGGER count_record AFTER INSERT OR UPDATE ON session_activity \
                 FOR EACH ROW EXECUTE FUNCTION count_record()";
    world.database.sql(count).await;
    let records = async || world.database.sql("UPDATE record SET number = number").await;
    for _ in 0..50 {
        let (one, two) = tokio::join!(world.ask(0, &token, TODOS), world.ask(1, &token, TODOS));
        assert!(one.body.get("errors").is_none() && two.body.get("errors").is_none());
    }
    eventually("its use is recorded", async || records().await > 0).await;
    for _ in 0..50 {
        assert!(world.is_remembered(0, &token).await && world.is_remembered(1, &token).await);
    }
    assert_eq!(records().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_bears_the_name_of_the_program() {
    let world = World::start(&[]).await;
    let name = "x".repeat(300);
    let query = "mutation { signIn(input: { email: \"user2@example.test\", password: \"tidewater\" }) \
                 { viewer { sessions { nodes { device } } } } }";
    for (given, told) in [(name.as_str(), json!("x".repeat(200))), ("caf\u{e9}", json!("café")), ("", Value::Null)] {
        let answer = world.servers[0].ask(&[("user-agent", given)], &json!({ "query": query })).await;
        let sessions = answer.body["data"]["signIn"]["viewer"]["sessions"]["nodes"].as_array().unwrap();
        assert_eq!(sessions.last().unwrap()["device"], told, "{}", answer.body);
    }
}
