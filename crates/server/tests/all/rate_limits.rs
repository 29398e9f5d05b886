//! Limits of rates over HTTP: how they are told, whom they are counted by, and how guessing at accounts is held back.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tidewater_testkit::{Answer, Backend, Server, TestDatabase, TestRedis, on_each_backend};

use crate::fixture::{PATIENT, binary, credentials, eventually, seeded, sign_in};

const VIEWER: &str = "{ viewer { email } }";
const SIGN_IN: &str = "mutation($input: SignInInput!) { signIn(input: $input) { token } }";
const SIGN_UP: &str = "mutation($input: SignUpInput!) { signUp(input: $input) { token } }";

/// One server, or three over one Redis; requests go to each in turn. Each believes the tests about where they come from.
struct World {
    _database: TestDatabase,
    redis: Option<TestRedis>,
    servers: Vec<Server>,
}

impl World {
    async fn new(backend: Backend, settings: &[(&str, &str)]) -> Self {
        Self::over(seeded(backend).await, backend.redis().await, settings).await
    }

    async fn over(database: TestDatabase, redis: Option<TestRedis>, settings: &[(&str, &str)]) -> Self {
        let given = redis.as_ref().map(|redis| (redis.url(), redis.prefix().to_owned()));
        let proxies = ("TIDEWATER_TRUSTED_PROXIES", "127.0.0.0/8");
        let mut environment = vec![("DATABASE_URL", database.url()), proxies, PATIENT];
        if let Some((url, prefix)) = &given {
            environment.extend([("REDIS_URL", url.as_str()), ("TIDEWATER_REDIS_KEY_PREFIX", prefix.as_str())]);
        }
        environment.extend(settings);
        let mut servers = Vec::new();
        for _ in 0..if redis.is_some() { 3 } else { 1 } {
            servers.push(Server::start(binary(), &["serve"], &environment).await);
        }
        Self { _database: database, redis, servers }
    }

    /// Sends a request in the name of a client at that address.
    async fn ask(&self, turn: usize, address: &str, token: Option<&str>, query: &str, variables: Value) -> Answer {
        let authorization = token.map(|token| format!("Bearer {token}"));
        let mut headers = vec![("x-forwarded-for", address)];
        headers.extend(authorization.iter().map(|value| ("authorization", value.as_str())));
        let server = &self.servers[turn % self.servers.len()];
        server.ask(&headers, &json!({ "query": query, "variables": variables })).await
    }

    /// How many of so many requests are admitted.
    async fn admitted(&self, requests: usize, address: &str, token: Option<&str>) -> usize {
        let mut admitted = 0;
        for turn in 0..requests {
            admitted += usize::from(self.ask(turn, address, token, VIEWER, Value::Null).await.status == StatusCode::OK);
        }
        admitted
    }

    /// Tries to sign user 2 in.
    async fn enter(&self, turn: usize, address: &str, password: &str) -> Answer {
        let input = json!({ "input": { "email": "user2@example.test", "password": password } });
        self.ask(turn, address, None, SIGN_IN, input).await
    }
}

fn code(answer: &Answer) -> &str {
    answer.body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
}

/// Checks everything that is told of a limit that was exceeded, and answers the seconds to wait.
fn refusal(answer: &Answer, policy: &str, quota: &str) -> u64 {
    assert_eq!((answer.status, code(answer)), (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED"), "{}", answer.body);
    let seconds = answer.body["errors"][0]["extensions"]["retryAfter"].as_u64().unwrap();
    assert_eq!(answer.headers["retry-after"], seconds.to_string().as_str());
    assert_eq!(answer.headers["ratelimit-policy"], format!("\"{policy}\";{quota}").as_str());
    assert_eq!(answer.headers["ratelimit"], format!("\"{policy}\";r=0;t={seconds}").as_str());
    assert!(answer.body.get("data").is_none_or(Value::is_null), "{}", answer.body);
    seconds
}

on_each_backend! {
    async fn requests_are_counted_by_viewer_or_else_by_address(backend) {
        let world = World::new(backend, &[("TIDEWATER_REQUEST_RATE", "20/h")]).await;
        assert_eq!(world.admitted(30, "198.51.100.1", None).await, 20);
        let refused = world.ask(0, "198.51.100.1", None, VIEWER, Value::Null).await;
        let seconds = refusal(&refused, "requests", "q=20;w=3600");
        assert!((100..=180).contains(&seconds), "{seconds}");
        assert_eq!(world.admitted(30, "198.51.100.2", Some("a made-up token")).await, 20, "it is nobody's");

        let signed_in = world.ask(0, "198.51.100.3", None, SIGN_IN, credentials(2)).await;
        let token = signed_in.body["data"]["signIn"]["token"].as_str().unwrap().to_owned();
        // By each server, the first request of a session is counted by its address.
        let servers = world.servers.len();
        assert_eq!(world.admitted(servers, "198.51.100.4", Some(&token)).await, servers);
        for address in ["198.51.100.5", "198.51.100.6"] {
            assert!(world.admitted(15, address, Some(&token)).await >= 5, "the address does not count");
        }
        assert_eq!(world.admitted(5, "198.51.100.7", Some(&token)).await, 0, "the viewer does");
        assert_eq!(world.admitted(5, "198.51.100.7", None).await, 5);
        let health = world.servers[0].client().get(format!("{}/health/live", world.servers[0].url())).send().await;
        assert_eq!(health.unwrap().status(), StatusCode::OK, "health is not limited");
    }

    async fn a_limit_that_comes_near_is_told(backend) {
        let world = World::new(backend, &[("TIDEWATER_REQUEST_RATE", "20/h")]).await;
        let first = world.ask(0, "198.51.100.1", None, VIEWER, Value::Null).await;
        assert!(!first.headers.contains_key("ratelimit"));
        world.admitted(17, "198.51.100.1", None).await;
        let near = world.ask(0, "198.51.100.1", None, VIEWER, Value::Null).await;
        assert_eq!(near.status, StatusCode::OK);
        assert_eq!(near.headers["ratelimit-policy"], "\"requests\";q=20;w=3600");
        assert!(near.headers["ratelimit"].to_str().unwrap().starts_with("\"requests\";r=1;t=34"), "{:?}", near.headers);
    }

    async fn what_is_executed_is_counted_by_its_cost(backend) {
        let settings = [("TIDEWATER_COST_RATE", "5000/h"), ("TIDEWATER_MAX_COMPLEXITY", "4000")];
        let world = World::new(backend, &settings).await;
        let notes = |number: usize| format!("{{ n{number}: notes(first: 100) {{ nodes {{ id title }} }} }}");
        let mut admitted = 0;
        let refused = loop {
            let answer = world.ask(admitted, "198.51.100.1", None, &notes(admitted), Value::Null).await;
            if answer.status != StatusCode::OK {
                break answer;
            }
            admitted += 1;
            assert!(admitted < 100, "nothing is counted");
        };
        refusal(&refused, "cost", "q=5000;w=3600");
        assert!((8..=16).contains(&admitted), "{admitted}");
        // What this server remembers costs nothing, nor does it say so of others.
        let remembered = world.ask(0, "198.51.100.1", None, &notes(0), Value::Null).await;
        assert_eq!(remembered.status, StatusCode::OK);
        assert_eq!(world.ask(0, "198.51.100.2", None, &notes(admitted), Value::Null).await.status, StatusCode::OK);
    }

    async fn guessing_from_one_address_is_held_back(backend) {
        let world = World::new(backend, &[("TIDEWATER_SIGN_IN_RATE", "4/h")]).await;
        for turn in 0..4 {
            let input = json!({ "input": { "email": format!("user{turn}@example.test"), "password": "wrong wrong" } });
            assert_eq!(code(&world.ask(turn, "198.51.100.1", None, SIGN_IN, input).await), "UNAUTHENTICATED");
        }
        let refused = world.enter(5, "198.51.100.1", "tidewater").await;
        refusal(&refused, "sign-in", "q=4;w=3600");
        assert!(refused.headers.get("set-cookie").is_none());
        assert_eq!(world.enter(5, "198.51.100.2", "tidewater").await.status, StatusCode::OK);
        // Whole networks of IPv6 count as one.
        for turn in 0..4 {
            world.enter(turn, &format!("2001:db8::{turn}"), "wrong wrong").await;
        }
        refusal(&world.enter(0, "2001:db8::ffff", "tidewater").await, "sign-in", "q=4;w=3600");
    }

    async fn guessing_at_one_account_from_many_addresses_is_held_back_and_locks_nobody_out_at_home(backend) {
        let world = World::new(backend, &[("TIDEWATER_ACCOUNT_RATE", "4/h")]).await;
        let home = "203.0.113.7";
        assert_eq!(world.enter(0, home, "tidewater").await.status, StatusCode::OK);
        for turn in 0..4 {
            assert_eq!(code(&world.enter(turn, &format!("198.51.100.{turn}"), "wrong wrong").await), "UNAUTHENTICATED");
        }
        // Not even with the right password, or it could be guessed all the same.
        for password in ["wrong wrong", "tidewater"] {
            refusal(&world.enter(1, "198.51.100.77", password).await, "account", "q=4;w=3600");
        }
        for turn in 0..6 {
            assert_eq!(world.enter(turn, home, "tidewater").await.status, StatusCode::OK, "at home");
        }
        let other = world.ask(0, "198.51.100.77", None, SIGN_IN, credentials(3)).await;
        assert_eq!(other.status, StatusCode::OK, "another account");
        // An account that does not exist is told like one that does.
        let nobody = json!({ "input": { "email": "nobody@example.test", "password": "wrong wrong" } });
        for turn in 0..4 {
            let answer = world.ask(turn, &format!("198.51.100.{turn}"), None, SIGN_IN, nobody.clone()).await;
            assert_eq!(code(&answer), "UNAUTHENTICATED");
        }
        refusal(&world.ask(1, "198.51.100.78", None, SIGN_IN, nobody).await, "account", "q=4;w=3600");
    }

    async fn guessing_at_one_account_from_a_familiar_address_is_held_back(backend) {
        let world = World::new(backend, &[("TIDEWATER_ACCOUNT_RATE", "4/h")]).await;
        let home = "203.0.113.7";
        assert_eq!(world.enter(0, home, "tidewater").await.status, StatusCode::OK);
        for turn in 0..4 {
            assert_eq!(code(&world.enter(turn, home, "wrong wrong").await), "UNAUTHENTICATED");
        }
        refusal(&world.enter(0, home, "tidewater").await, "account", "q=4;w=3600");
        assert_eq!(world.enter(0, "203.0.113.8", "tidewater").await.status, StatusCode::OK, "from elsewhere");
    }

    async fn signing_up_is_limited_by_address_and_by_account(backend) {
        let world = World::new(backend, &[("TIDEWATER_SIGN_UP_RATE", "6/h"), ("TIDEWATER_ACCOUNT_RATE", "3/h")]).await;
        let sign_up = async |turn: usize, address: &str, name: &str| {
            let email = format!("{name}@example.test");
            let input = json!({ "input": { "email": email, "name": name, "password": "long enough" } });
            world.ask(turn, address, None, SIGN_UP, input).await
        };
        for turn in 0..6 {
            assert_eq!(sign_up(turn, "198.51.100.1", &format!("new{turn}")).await.status, StatusCode::OK);
        }
        refusal(&sign_up(0, "198.51.100.1", "new7").await, "sign-up", "q=6;w=3600");
        for turn in 0..3 {
            assert_eq!(code(&sign_up(turn, "198.51.100.2", "new1").await), "CONFLICT");
        }
        refusal(&sign_up(0, "198.51.100.3", "new1").await, "account", "q=3;w=3600");
    }
}

#[tokio::test]
async fn without_redis_each_server_limits_by_itself_and_says_so_once() {
    let settings = [("TIDEWATER_REQUEST_RATE", "20/h"), ("TIDEWATER_ACCOUNT_RATE", "4/h")];
    let redis = TestRedis::start_own().await;
    let mut world = World::over(seeded(Backend::PostgresRedis).await, Some(redis), &settings).await;
    assert_eq!(world.admitted(30, "198.51.100.1", None).await, 20);
    let mut redis = world.redis.take().unwrap();
    redis.stop().await;
    for turn in 0..60 {
        world.ask(turn, "198.51.100.2", None, VIEWER, Value::Null).await;
    }
    let admitted = world.admitted(180, "198.51.100.3", None).await;
    assert_eq!(admitted, 60, "three servers");
    for turn in 0..12 {
        let address = format!("198.51.100.{}", 100 + turn);
        assert_eq!(code(&world.enter(turn, &address, "wrong wrong").await), "UNAUTHENTICATED");
    }
    refusal(&world.enter(0, "198.51.100.50", "tidewater").await, "account", "q=4;w=3600");
    redis.start_again().await;
    for server in &world.servers {
        let said = |text: &str| server.log().lines().filter(|line| line.contains(text)).count();
        assert_eq!(said("each server limits rates by itself until it does"), 1, "{}", server.log());
        // By the cache, too.
        eventually("Redis is used again", async || {
            world.ask(0, "198.51.100.9", None, VIEWER, Value::Null).await;
            said("Redis answers again") >= 1
        })
        .await;
    }
}

#[tokio::test]
async fn proxies_are_believed_if_they_are_trusted_and_no_further() {
    let database = seeded(Backend::Sqlite).await;
    let ask = async |server: &Server, forwarded: &str| {
        server.ask(&[("x-forwarded-for", forwarded)], &json!({ "query": VIEWER })).await.status
    };
    let limited = [("DATABASE_URL", database.url()), ("TIDEWATER_REQUEST_RATE", "2/h")];

    let alone = Server::start(binary(), &["serve"], &limited).await;
    for forwarded in ["198.51.100.1", "198.51.100.2"] {
        assert_eq!(ask(&alone, forwarded).await, StatusCode::OK);
    }
    assert_eq!(ask(&alone, "198.51.100.3").await, StatusCode::TOO_MANY_REQUESTS, "anybody could write that");
    let warnings = alone.log().lines().filter(|line| line.contains("TIDEWATER_TRUSTED_PROXIES")).count();
    assert_eq!(warnings, 1, "{}", alone.log());

    let trusting = [&limited[..], &[("TIDEWATER_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8")]].concat();
    let behind = Server::start(binary(), &["serve"], &trusting).await;
    for made_up in ["203.0.113.1", "203.0.113.2", "203.0.113.3, 10.0.0.1"] {
        ask(&behind, &format!("{made_up}, 198.51.100.1, 10.0.0.2")).await;
    }
    assert_eq!(ask(&behind, "198.51.100.1").await, StatusCode::TOO_MANY_REQUESTS, "what is left of it is made up");
    assert_eq!(ask(&behind, "198.51.100.2").await, StatusCode::OK);
}

#[tokio::test]
async fn limits_can_be_switched_off() {
    let off = ["REQUEST", "COST", "SIGN_IN", "SIGN_UP", "ACCOUNT"].map(|name| format!("TIDEWATER_{name}_RATE"));
    let off: Vec<_> = off.iter().map(|name| (name.as_str(), "0")).collect();
    let world = World::new(Backend::Sqlite, &off).await;
    for turn in 0..15 {
        assert_eq!(code(&world.enter(turn, "198.51.100.1", "wrong wrong").await), "UNAUTHENTICATED");
    }
    assert_eq!(world.enter(0, "198.51.100.1", "tidewater").await.status, StatusCode::OK);
    let token = sign_in(&world.servers[0], 2).await;
    assert_eq!(world.admitted(1_500, "198.51.100.1", Some(&token)).await, 1_500);
}
