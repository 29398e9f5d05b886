use std::{
    io::{Error, ErrorKind},
    time::{Duration, Instant},
};

use tidewater_testkit::{Proxy, TestDatabase, TestRedis};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::{sleep, timeout},
};

/// How long an answer that is not to come is waited for.
const MOMENT: Duration = Duration::from_millis(100);
/// How long what is to come may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A client of Redis that keeps one connection, and asks by lines.
struct Client(BufReader<TcpStream>);

impl Client {
    async fn connect(proxy: &Proxy) -> Self {
        Self(BufReader::new(TcpStream::connect(proxy.address()).await.unwrap()))
    }

    async fn ask(&mut self, command: &str) -> Result<String, Error> {
        self.send(command).await?;
        self.receive().await
    }

    async fn send(&mut self, command: &str) -> Result<(), Error> {
        self.0.write_all(format!("{command}\r\n").as_bytes()).await
    }

    async fn receive(&mut self) -> Result<String, Error> {
        let mut line = String::new();
        match self.0.read_line(&mut line).await? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(line.trim_end().to_owned()),
        }
    }

    async fn set_long_value(&mut self, length: u32) -> String {
        let value: String = (0..length).map(|number| char::from(b'a' + (number % 23) as u8)).collect();
        self.send(&format!("*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n${length}\r\n{value}")).await.unwrap();
        assert_eq!(self.receive().await.unwrap(), "+OK");
        value
    }

    async fn works(&mut self) -> bool {
        self.ask("PING").await.unwrap() == "+PONG"
    }

    async fn is_silent(&mut self) -> bool {
        timeout(MOMENT, self.ask("PING")).await.is_err()
    }

    async fn is_reset(&mut self) -> bool {
        let answer = timeout(PATIENCE, self.receive()).await.expect("neither an answer nor a reset");
        answer.unwrap_err().kind() == ErrorKind::ConnectionReset
    }
}

/// Whether a new connection is reset, be it while it is made.
async fn resets(proxy: &Proxy) -> bool {
    match TcpStream::connect(proxy.address()).await {
        Ok(stream) => Client(BufReader::new(stream)).is_reset().await,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    }
}

async fn redis_behind_a_proxy() -> (TestRedis, Proxy) {
    let redis = TestRedis::start_own().await;
    let proxy = Proxy::start(&redis.url());
    (redis, proxy)
}

#[tokio::test]
async fn an_undisturbed_proxy_carries_every_byte() {
    let (redis, proxy) = redis_behind_a_proxy().await;
    let mut client = Client::connect(&proxy).await;
    let long = client.set_long_value(300_000).await;
    assert_eq!(client.ask("GET key").await.unwrap(), "$300000");
    assert_eq!(client.receive().await.unwrap(), long);
    assert_eq!(redis.command(&["STRLEN", "key"]).await, 300_000);
    assert_eq!(client.ask("QUIT").await.unwrap(), "+OK");
    assert_eq!(client.receive().await.unwrap_err().kind(), ErrorKind::UnexpectedEof);
    assert_eq!(proxy.connections(), 1);
}

#[tokio::test]
async fn a_delay_holds_each_chunk_up_once_and_keeps_the_order() {
    const DELAY: Duration = Duration::from_millis(50);
    let (_redis, proxy) = redis_behind_a_proxy().await;
    let mut client = Client::connect(&proxy).await;
    assert!(client.works().await);
    proxy.delay(DELAY);
    let began = Instant::now();
    for _ in 0..40 {
        client.send("INCR counter").await.unwrap();
    }
    for number in 1..=40 {
        assert_eq!(client.receive().await.unwrap(), format!(":{number}"));
        assert!(began.elapsed() >= 2 * DELAY);
    }
    let began = Instant::now();
    client.set_long_value(3_000_000).await;
    assert!(began.elapsed() < 100 * DELAY, "{:?}: one after the other takes 180 delays", began.elapsed());
    proxy.mend();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let began = Instant::now();
        assert!(client.works().await && began < deadline);
        if began.elapsed() < 2 * DELAY {
            break;
        }
    }
}

#[tokio::test]
async fn what_was_swallowed_never_comes_and_other_connections_go_on() {
    let (redis, proxy) = redis_behind_a_proxy().await;
    let (mut idle, mut asking) = (Client::connect(&proxy).await, Client::connect(&proxy).await);
    assert!(idle.works().await && asking.works().await);
    proxy.swallow();
    let mut new = Client::connect(&proxy).await;
    assert!(timeout(MOMENT, asking.ask("SET key value")).await.is_err());
    assert!(new.is_silent().await);
    proxy.mend();
    assert!(idle.works().await && Client::connect(&proxy).await.works().await);
    assert!(asking.is_silent().await && new.is_silent().await);
    assert_eq!(redis.command(&["EXISTS", "key"]).await, 0);
    assert_eq!(proxy.connections(), 4);
}

#[tokio::test]
async fn replies_are_swallowed_too() {
    let (redis, proxy) = redis_behind_a_proxy().await;
    let mut client = Client::connect(&proxy).await;
    client.send("BLPOP list 0").await.unwrap();
    while redis.command(&["INFO", "clients"]).await.as_str().is_none_or(|info| !info.contains("blocked_clients:1")) {
        sleep(Duration::from_millis(1)).await;
    }
    proxy.swallow();
    redis.command(&["RPUSH", "list", "value"]).await;
    assert!(timeout(MOMENT, client.receive()).await.is_err());
    assert_eq!(redis.command(&["LLEN", "list"]).await, 0);
}

#[tokio::test]
async fn a_cut_resets_open_and_new_connections_until_it_is_mended() {
    let (_redis, proxy) = redis_behind_a_proxy().await;
    let mut open = Client::connect(&proxy).await;
    assert!(open.works().await);
    proxy.cut();
    assert!(open.is_reset().await);
    assert!(resets(&proxy).await);
    proxy.mend();
    assert!(Client::connect(&proxy).await.works().await);
}

#[tokio::test]
async fn a_cut_that_is_mended_at_once_has_happened() {
    let (_redis, proxy) = redis_behind_a_proxy().await;
    let mut client = Client::connect(&proxy).await;
    assert!(client.works().await);
    proxy.cut();
    proxy.mend();
    assert!(client.is_reset().await);
}

#[tokio::test]
async fn a_half_open_connection_is_gone_for_the_server_and_silent_for_the_client() {
    let (redis, proxy) = redis_behind_a_proxy().await;
    let mut open = Client::connect(&proxy).await;
    assert_eq!(open.ask("CLIENT SETNAME behind-the-proxy").await.unwrap(), "+OK");
    proxy.half_open();
    let deadline = Instant::now() + PATIENCE;
    while redis.command(&["CLIENT", "LIST"]).await.as_str().unwrap().contains("behind-the-proxy") {
        assert!(Instant::now() < deadline, "the server still has the connection");
    }
    let mut new = Client::connect(&proxy).await;
    assert!(new.is_silent().await);
    proxy.mend();
    assert!(open.is_silent().await && new.is_silent().await);
    assert!(Client::connect(&proxy).await.works().await);
}

#[tokio::test]
async fn a_redirection_cuts_and_leads_to_the_other_server() {
    let (first, proxy) = redis_behind_a_proxy().await;
    let second = TestRedis::start_own().await;
    first.command(&["SET", "key", "1"]).await;
    second.command(&["SET", "key", "2"]).await;
    let mut client = Client::connect(&proxy).await;
    assert_eq!(client.ask("STRLEN key").await.unwrap(), ":1");
    proxy.redirect(&second.url());
    assert!(client.is_reset().await);
    assert_eq!(Client::connect(&proxy).await.ask("INCR key").await.unwrap(), ":3");
}

#[tokio::test]
async fn a_server_that_is_gone_resets() {
    let (mut redis, proxy) = redis_behind_a_proxy().await;
    redis.stop().await;
    assert!(resets(&proxy).await);
}

#[tokio::test]
async fn a_dropped_proxy_closes_its_connections() {
    let (_redis, proxy) = redis_behind_a_proxy().await;
    let mut client = Client::connect(&proxy).await;
    assert!(client.works().await);
    drop(proxy);
    assert!(timeout(PATIENCE, client.receive()).await.unwrap().is_err());
}

#[tokio::test]
async fn a_database_is_reached_by_its_url_through_the_proxy() {
    let database = TestDatabase::postgres().await;
    let proxy = Proxy::start(database.url());
    let url = proxy.url_of(database.url());
    assert!(url.contains(&proxy.address()));
    let connection = sea_orm::Database::connect(&url).await.unwrap();
    assert!(connection.ping().await.is_ok());
    proxy.cut();
    assert!(connection.ping().await.is_err());
    proxy.mend();
    assert!(connection.ping().await.is_ok());
}
