use futures::future::join_all;
use tidewater_limit::{Attempt, Limiter, Purpose, Settings};
use tidewater_testkit::TestRedis;

use crate::world::{HOUR, anybody, quota, server, three_servers};

fn strict() -> Settings {
    Settings { sign_in: quota(30, HOUR), sign_up: quota(20, HOUR), account: quota(5, HOUR), ..Settings::default() }
}

/// One server by itself, and three over one Redis, of which each attempt goes to another.
async fn on_each(check: impl AsyncFn(Servers)) {
    check(Servers { servers: vec![server(None, strict()).await], redis: None }).await;
    let redis = TestRedis::start().await;
    check(Servers { servers: three_servers(&redis, strict()).await.into(), redis: Some(redis) }).await;
}

struct Servers {
    servers: Vec<Limiter>,
    redis: Option<TestRedis>,
}

impl Servers {
    async fn sign_in(&self, turn: usize, address: &str, account: &str) -> Option<Attempt> {
        let server = &self.servers[turn % self.servers.len()];
        anybody(server, address).attempt(Purpose::SignIn, account).await.ok()
    }

    /// How many of so many wrong guesses can be made.
    async fn guesses(
        &self,
        count: usize,
        address: impl Fn(usize) -> String,
        account: impl Fn(usize) -> String,
    ) -> usize {
        let guesses = (0..count).map(async |turn| self.sign_in(turn, &address(turn), &account(turn)).await.is_some());
        join_all(guesses).await.into_iter().filter(|made| *made).count()
    }
}

fn always(text: &str) -> impl Fn(usize) -> String {
    move |_| text.to_owned()
}

#[tokio::test]
async fn guesses_at_one_account_from_many_addresses_share_one_allowance() {
    on_each(async |servers| {
        let from_anywhere = |turn| format!("198.51.100.{turn}");
        assert_eq!(servers.guesses(100, from_anywhere, always("ann")).await, 5);
        assert_eq!(servers.guesses(4, from_anywhere, always("bob")).await, 4, "another account");
    })
    .await;
}

#[tokio::test]
async fn guesses_at_many_accounts_from_one_address_are_limited_by_address() {
    on_each(async |servers| {
        let any_account = |turn| format!("account {turn}");
        assert_eq!(servers.guesses(100, always("192.0.2.1"), any_account).await, 30);
        assert_eq!(servers.guesses(4, always("192.0.2.2"), any_account).await, 4, "another address");
    })
    .await;
}

#[tokio::test]
async fn who_has_been_at_an_address_before_is_not_locked_out_by_others() {
    on_each(async |servers| {
        let home = "203.0.113.9";
        servers.sign_in(0, home, "ann").await.unwrap().succeeded().await;
        assert_eq!(servers.guesses(100, |turn| format!("198.51.100.{turn}"), always("ann")).await, 5);
        assert!(servers.sign_in(1, "203.0.113.10", "ann").await.is_none(), "from elsewhere, everybody waits");
        for turn in 0..10 {
            servers.sign_in(turn, home, "ann").await.expect("at home").succeeded().await;
        }
        // A guess from there is still a guess.
        assert_eq!(servers.guesses(10, always(home), always("ann")).await, 5);
    })
    .await;
}

#[tokio::test]
async fn what_succeeds_or_could_not_be_made_does_not_count_at_the_account() {
    on_each(async |servers| {
        for turn in 0..12 {
            servers.sign_in(turn, "192.0.2.1", "ann").await.unwrap().succeeded().await;
            servers.sign_in(turn, "192.0.2.2", "bob").await.unwrap().withdrawn().await;
        }
        assert_eq!(servers.guesses(10, always("192.0.2.3"), always("ann")).await, 5);
        assert_eq!(servers.guesses(10, always("192.0.2.2"), always("bob")).await, 5, "it is not familiar");
    })
    .await;
}

#[tokio::test]
async fn signing_up_and_in_are_counted_apart() {
    on_each(async |servers| {
        let sign_up = async |turn: usize| {
            anybody(&servers.servers[turn % servers.servers.len()], "192.0.2.1")
                .attempt(Purpose::SignUp, &format!("account {turn}"))
                .await
                .is_ok()
        };
        let made = join_all((0..50).map(sign_up)).await.into_iter().filter(|made| *made).count();
        assert_eq!(made, 20);
        assert!(servers.sign_in(0, "192.0.2.1", "account 1").await.is_some());
    })
    .await;
}

#[tokio::test]
async fn no_key_in_redis_names_an_account() {
    on_each(async |servers| {
        servers.sign_in(0, "192.0.2.1", "ann@example.test").await.unwrap().succeeded().await;
        let Some(redis) = &servers.redis else { return };
        let keys = redis.keys().await;
        assert!(keys.iter().any(|key| key.contains(":familiar:")), "{keys:?}");
        for key in keys {
            assert!(!key.contains("ann"), "{key}");
            assert!(redis.command(&["PTTL", &key]).await.as_i64().unwrap() > 0, "{key} stays for ever");
        }
    })
    .await;
}
