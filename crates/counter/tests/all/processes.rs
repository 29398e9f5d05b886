//! Several processes over one Redis, one of which may be gone.

use std::time::Duration;

use futures::future::join_all;
use tidewater_counter::{Counter, Settings};
use tidewater_testkit::TestRedis;
use uuid::{NoContext, Timestamp, Uuid};

use crate::database::{Database, Mood};
use crate::world::{day, process, redis_of, see, subject};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_process_left_behind_is_flushed_by_another() {
    let (redis, database) = (TestRedis::start().await, Database::default());
    let gone = process(Some(&redis)).await;
    see(&gone, 1, 0..10).await;
    drop(gone);
    let closed_it = process(Some(&redis)).await;
    see(&closed_it, 1, 5..15).await;
    database.be(Mood::Refusing);
    database.flush(&closed_it).await.unwrap_err();
    drop(closed_it);

    database.be(Mood::Willing);
    database.flush(&process(Some(&redis)).await).await.unwrap();
    assert_eq!((database.views(subject(1)), database.viewers(subject(1))), (20, 15));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_open_not_long_belongs_to_who_has_opened_it() {
    let (redis, database) = (TestRedis::start().await, Database::default());
    let patient = Settings { interval: Duration::from_secs(60), redis: Some(redis_of(&redis)) };
    let patient = Counter::start(patient).await.unwrap();
    let other = process(Some(&redis)).await;
    see(&other, 1, 0..10).await;
    database.flush(&patient).await.unwrap();
    assert_eq!(database.views(subject(1)), 0);
    database.flush(&other).await.unwrap();
    assert_eq!(database.views(subject(1)), 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_whose_batch_others_close_all_the_time_loses_nothing_and_repeats_nothing() {
    let (redis, database) = (TestRedis::start().await, Database::default());
    let processes = join_all([(); 3].map(|()| process(Some(&redis)))).await;
    let flushing = join_all(processes.iter().map(async |counter| {
        for _ in 0..25 {
            database.flush(counter).await.unwrap();
        }
    }));
    let seeing = join_all(processes.iter().map(|counter| see(counter, 1, 0..1_500)));
    tokio::join!(flushing, seeing);
    database.flush(&processes[0]).await.unwrap();
    assert_eq!(database.views(subject(1)), 4_500);
    assert!(database.viewers(subject(1)).abs_diff(1_500) < 60);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_flush_the_same_batch_at_once_add_it_once() {
    let (redis, database) = (TestRedis::start().await, Database::default());
    for round in 1.. {
        let [one, two] = [process(Some(&redis)).await, process(Some(&redis)).await];
        see(&one, 1, 0..10).await;
        let (first, second) = tokio::join!(database.flush(&two), database.flush(&one));
        first.and(second).unwrap();
        database.flush(&one).await.unwrap();
        assert_eq!(database.views(subject(1)), round * 10);
        // Until there was a race, and some more.
        if round >= 40 && database.batches().1 > 0 {
            return;
        }
        assert!(round < 1_000, "there was no race");
    }
}

#[tokio::test]
async fn the_age_of_a_batch_counts_from_its_first_view() {
    let (redis, database) = (TestRedis::start().await, Database::default());
    let counter = process(Some(&redis)).await;
    for _ in 0..2 {
        database.flush(&counter).await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
        let seen_at = chrono::Utc::now().timestamp_millis().unsigned_abs();
        see(&counter, 1, 0..1).await;
        let ids = redis.command(&["ZRANGE", &format!("{}{{views}}:batches", redis.prefix()), "0", "-1"]).await;
        let id: Uuid = ids[0].as_str().unwrap().parse().unwrap();
        let (seconds, nanoseconds) = id.get_timestamp().unwrap().to_unix();
        assert!(seconds * 1_000 + u64::from(nanoseconds) / 1_000_000 >= seen_at, "{id} is older");
    }
}

#[tokio::test]
async fn batches_that_are_old_are_dropped() {
    let (redis, database) = (TestRedis::start().await, Database::default());
    let key = |rest: String| format!("{}{{views}}:{rest}", redis.prefix());
    for (age, expected) in [(8, 0), (6, 3)] {
        let opened = chrono::Utc::now() - chrono::TimeDelta::days(age);
        let id = Uuid::new_v7(Timestamp::from_unix(NoContext, opened.timestamp().unsigned_abs(), 0)).to_string();
        let field = format!("{}:{}", subject(1).simple(), day(1));
        redis.command(&["HSET", &key(format!("batch:{id}")), "last", "1", &field, "3"]).await;
        redis.command(&["ZADD", &key("batches".to_owned()), "1", &id]).await;
        database.flush(&process(Some(&redis)).await).await.unwrap();
        assert_eq!(database.views(subject(1)), expected, "{age} days old");
        assert_eq!(redis.command(&["ZCARD", &key("batches".to_owned())]).await, 0);
    }
}
