use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::Value;
use tidewater_testkit::{Backend, Proxy, TestDatabase, TestRedis};

use super::scrape::Measured;
use crate::fixture::{eventually, prepare, seeded};

const TODOS: &str = "{ viewer { todos { nodes { text } } } }";

#[tokio::test]
async fn a_redis_that_is_gone_is_counted_and_told_until_it_is_back() {
    let mut redis = TestRedis::start_own().await;
    let environment = [("REDIS_URL", redis.url())];
    let environment: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let measured = Measured::over(seeded(Backend::PostgresRedis).await, None, &environment).await;
    let of_cache = |name: &str| format!("tidewater_redis_{name}{{use=\"cache\"}}");
    measured.ask(TODOS, Value::Null).await;
    let before = measured.scrape().await;
    assert_eq!(before.value(&of_cache("breaker_open")), 0.0);
    assert!(before.value(&of_cache("command_duration_seconds_count")) >= 1.0, "{}", before.0);
    for name in ["cache", "limits", "documents", "views", "jobs"] {
        assert!(before.0.contains(&format!("tidewater_redis_breaker_open{{use=\"{name}\"}} 0\n")), "{name}");
    }

    redis.stop().await;
    let missed = "tidewater_cache_misses_total{space=\"todo\",reason=\"redis_unavailable\"}";
    let mut round = 0;
    eventually("the breaker is open", async || {
        round += 1;
        measured.database.sql(&format!("UPDATE todo SET text = 'round {round}'")).await;
        measured.ask(TODOS, Value::Null).await;
        let scrape = measured.scrape().await;
        scrape.value(&of_cache("breaker_open")) == 1.0 && scrape.value(&of_cache("refused_total")) > 0.0
    })
    .await;
    let while_gone = measured.scrape().await;
    for name in ["unanswered_total", "breaker_openings_total"] {
        assert!(while_gone.value(&of_cache(name)) > before.value(&of_cache(name)), "{name}");
    }
    // Memory held them, so that they have changed is what tells; a row that nobody has read is told so.
    measured.ask("{ notes(first: 3) { nodes { title tags { nodes { name } } user { name } } } }", Value::Null).await;
    let scrape = measured.scrape().await;
    let unavailable = scrape.0.lines().filter(|line| line.contains("redis_unavailable") && !line.ends_with(" 0"));
    assert!(unavailable.count() > 0, "{missed}: {}", scrape.0);
    assert_eq!(scrape.value("tidewater_jobs_queue_up"), 0.0);
    assert!(!scrape.0.contains("tidewater_jobs{"), "{}", scrape.0);
    assert_eq!(scrape.value("tidewater_ready"), 1.0, "answers are right without it");
    let told = measured.ask("{ tide { server jobs { counts { dead } } } }", Value::Null).await;
    assert!(told["data"]["tide"]["server"].is_string() && told["data"]["tide"]["jobs"].is_null(), "{told}");
    assert_eq!(told["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{told}");

    redis.start_again().await;
    eventually("the breaker is closed", async || {
        round += 1;
        measured.database.sql(&format!("UPDATE todo SET text = 'round {round}'")).await;
        measured.ask(TODOS, Value::Null).await;
        let scrape = measured.scrape().await;
        scrape.value(&of_cache("breaker_open")) == 0.0 && scrape.value("tidewater_jobs_queue_up") == 1.0
    })
    .await;
}

#[tokio::test]
async fn a_queue_that_does_not_answer_is_waited_for_a_moment_and_by_two_at_a_time() {
    let mut redis = TestRedis::start_own().await;
    let url = redis.url();
    // So long that nothing else gives the queue up.
    let environment = [("REDIS_URL", url.as_str()), ("TIDEWATER_REDIS_TIMEOUT", "10s")];
    let measured = Measured::over(seeded(Backend::PostgresRedis).await, None, &environment).await;
    assert_eq!(measured.scrape().await.value("tidewater_jobs_queue_up"), 1.0);
    redis.pause();
    let begun = Instant::now();
    let scrape = async || {
        let scrape = measured.scrape().await;
        assert_eq!(scrape.value("tidewater_jobs_queue_up"), 0.0);
        begun.elapsed()
    };
    let times = join_all((0..6).map(|_| scrape())).await;
    redis.resume();
    let (first, last) = (times.iter().min().unwrap(), times.iter().max().unwrap());
    assert!(*first < Duration::from_millis(1_500), "half a second was to be waited: {times:?}");
    assert!(*last >= Duration::from_millis(1_400), "thrice half a second: {times:?}");
}

#[tokio::test]
async fn a_database_that_is_gone_is_told_until_it_is_back() {
    let database = TestDatabase::postgres().await;
    prepare(database.url()).await;
    let (_, place) = database.url().split_once('@').unwrap_or_else(|| database.url().split_once("://").unwrap());
    let proxy = Proxy::start(place.split('/').next().unwrap());
    let url = proxy.url_of(database.url());
    let settings = [
        ("DATABASE_URL", url.as_str()),
        ("TIDEWATER_HEALTH_INTERVAL", "100ms"),
        ("TIDEWATER_CACHE_POLICY", "note:stale_if_error=10min;user:stale_if_error=10min"),
    ];
    let measured = Measured::over(database, None, &settings).await;
    let notes = "{ notes(first: 2) { nodes { title } } }";
    measured.server.graphql(notes, Value::Null).await;
    let before = measured.scrape().await;
    assert_eq!((before.value("tidewater_change_log_up"), before.value("tidewater_ready")), (1.0, 1.0));
    proxy.cut();
    eventually("it is told that the database is gone", async || {
        measured.server.graphql(notes, Value::Null).await;
        let scrape = measured.scrape().await;
        scrape.value("tidewater_change_log_up") == 0.0 && scrape.value("tidewater_ready") == 0.0
    })
    .await;
    let gone = measured.scrape().await;
    for series in ["tidewater_poll_failures_total", "tidewater_stale_reads_total"] {
        assert!(gone.value(series) > before.value(series), "{series}");
    }
    let grown = measured
        .grown(["tidewater_errors_total{code=\"UNAVAILABLE\"}"], async || {
            measured
                .server
                .graphql("{ viewer { id } tag(id: \"tag_01h455vb4pex5vsknk084sn02q\") { id } }", Value::Null)
                .await;
            measured.ask("{ viewer { tags { totalCount } } }", Value::Null).await;
        })
        .await;
    assert!(grown[0] >= 1.0);
    proxy.mend();
    eventually("it is told that the database is back", async || {
        let scrape = measured.scrape().await;
        scrape.value("tidewater_change_log_up") == 1.0 && scrape.value("tidewater_ready") == 1.0
    })
    .await;
}
