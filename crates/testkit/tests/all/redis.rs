use std::time::Duration;

use serde_json::{Value, json};
use tidewater_testkit::TestRedis;
use tokio::time::timeout;

#[tokio::test]
async fn replies_of_each_kind_come_back() {
    let redis = TestRedis::start().await;
    let key = format!("{}key", redis.prefix());
    assert_eq!(redis.command(&["SET", &key, "line\r\nbreak"]).await, "OK");
    assert_eq!(redis.command(&["GET", &key]).await, "line\r\nbreak");
    assert_eq!(redis.command(&["MGET", &key, "absent"]).await, json!(["line\r\nbreak", null]));
    assert_eq!(redis.command(&["DEL", &key]).await, 1);
    assert!(redis.try_command(&["GET"]).await.unwrap_err().contains("wrong number of arguments"));
}

#[tokio::test]
async fn a_flushed_server_is_empty() {
    let redis = TestRedis::start().await;
    let key = format!("{}key", redis.prefix());
    redis.command(&["SET", &key, "value"]).await;
    assert_eq!(redis.keys().await, [key]);
    // With bytes that are no UTF-8 in its name, as keys of caches may have.
    redis.command(&["EVAL", "redis.call('SET', ARGV[1] .. '\\255', 1)", "0", redis.prefix()]).await;
    redis.flush_all().await;
    assert!(redis.keys().await.is_empty());
}

#[tokio::test]
async fn a_server_comes_back_empty_or_with_an_old_dump() {
    let mut redis = TestRedis::start_own().await;
    redis.command(&["SET", "key", "old"]).await;
    let dump = redis.save_dump().await;
    redis.command(&["SET", "key", "new"]).await;

    redis.stop().await;
    assert!(redis.try_command(&["PING"]).await.is_err());
    redis.start_again().await;
    assert_eq!(redis.command(&["GET", "key"]).await, Value::Null);

    redis.restart_with_dump(&dump).await;
    assert_eq!(redis.command(&["GET", "key"]).await, "old");
}

#[tokio::test]
async fn a_paused_server_answers_when_it_is_resumed() {
    let mut redis = TestRedis::start_own().await;
    redis.pause();
    assert!(timeout(Duration::from_millis(50), redis.try_command(&["PING"])).await.is_err());
    redis.resume();
    assert_eq!(redis.command(&["PING"]).await, "PONG");
}

#[tokio::test]
async fn a_replica_follows_its_master_until_it_is_promoted() {
    let master = TestRedis::start_own().await;
    master.command(&["SET", "key", "before the replica"]).await;
    let replica = TestRedis::start_replica_of(&master).await;
    assert_eq!(replica.prefix(), master.prefix());
    assert_eq!(replica.command(&["GET", "key"]).await, "before the replica");
    assert!(replica.try_command(&["SET", "key", "value"]).await.unwrap_err().contains("READONLY"));

    // So much that it takes its time to arrive.
    let script = "for number = 1, 40 do redis.call('SET', number, string.rep('x', 1000000)) end";
    master.command(&["EVAL", script, "0"]).await;
    master.command(&["SET", "key", "replicated"]).await;
    replica.catch_up(&master).await;
    assert_eq!(replica.command(&["GET", "key"]).await, "replicated");

    replica.promote().await;
    master.command(&["SET", "key", "lost"]).await;
    assert_eq!(replica.command(&["GET", "key"]).await, "replicated");
    replica.command(&["SET", "key", "its own"]).await;
    assert_eq!(master.command(&["GET", "key"]).await, "lost");
}

#[tokio::test]
async fn a_full_server_answers_reads_and_refuses_writes_until_there_is_room() {
    let redis = TestRedis::start_own().await;
    redis.command(&["SET", "key", "value"]).await;
    redis.fill_up().await;
    assert!(redis.try_command(&["SET", "other", "value"]).await.unwrap_err().contains("OOM"));
    assert_eq!(redis.command(&["GET", "key"]).await, "value");
    redis.make_room().await;
    assert_eq!(redis.command(&["SET", "other", "value"]).await, "OK");
}
