//! Sketches of a process and of Redis are the same.

use serde_json::Value;
use tidewater_testkit::TestRedis;

use crate::database::Database;
use crate::world::{day, process, see, subject};

#[tokio::test]
async fn redis_and_a_process_have_the_same_registers_and_count_alike() {
    let redis = TestRedis::start().await;
    let (over_redis, alone) = (process(Some(&redis)).await, process(None).await);
    // Redis keeps few in another form than many, with runs of zeros of several lengths.
    for (number, viewers) in (0..).zip([1, 2, 70, 400, 1_200, 3_000, 20_000]) {
        let (of_redis, of_process) = (Database::default(), Database::default());
        see(&over_redis, number, 0..viewers).await;
        see(&alone, number, 0..viewers).await;
        let end = format!(":{}:{}", subject(number).simple(), day(1));
        let key = redis.keys().await.into_iter().find(|key| key.ends_with(&end)).unwrap();
        let counted = redis.command(&["PFCOUNT", &key]).await.as_u64();
        of_redis.flush(&over_redis).await.unwrap();
        of_process.flush(&alone).await.unwrap();
        let sketch = of_process.sketch(subject(number), day(1));
        assert!(sketch == of_redis.sketch(subject(number), day(1)), "registers differ for {viewers}");
        assert_eq!(counted, Some(sketch.count()), "{viewers}");
    }
}

#[tokio::test]
async fn what_was_flushed_leaves_nothing_in_redis() {
    let redis = TestRedis::start().await;
    let counter = process(Some(&redis)).await;
    see(&counter, 1, 0..100).await;
    see(&counter, 2, 0..1).await;
    for key in redis.keys().await {
        let lifetime = redis.command(&["TTL", &key]).await;
        assert!(matches!(lifetime.as_u64(), Some(1..=604_800)), "{key} is kept for {lifetime} s");
    }
    Database::default().flush(&counter).await.unwrap();
    // One that was told to be closed is known to be for some time.
    let left = redis.keys().await;
    for key in &left {
        assert_eq!(redis.command(&["HGET", key, "closed"]).await, Value::from("1"), "{left:?}");
    }
    assert!(left.len() <= 1, "{left:?}");
}
