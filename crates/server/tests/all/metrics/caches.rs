use serde_json::{Value, json};
use tidewater_testkit::{Backend, on_each_backend};

use super::scrape::Measured;
use crate::fixture::eventually;

/// The first todo of whoever is signed in.
async fn a_todo(measured: &Measured) -> String {
    let answer = measured.ask("{ viewer { todos(first: 1) { nodes { id } } } }", Value::Null).await;
    answer["data"]["viewer"]["todos"]["nodes"][0]["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

fn read(todo: &str) -> String {
    format!("{{ todo(id: \"{todo}\") {{ text }} }}")
}

fn missed(space: &str, reason: &str) -> String {
    format!("tidewater_cache_misses_total{{space=\"{space}\",reason=\"{reason}\"}}")
}

const MEMORY: &str = "tidewater_cache_hits_total{space=\"todo\",tier=\"memory\"}";
const RESPONSE: &str = "tidewater_cache_hits_total{space=\"response\",tier=\"memory\"}";

on_each_backend! {
    async fn hits_fills_misses_and_changes_are_counted_where_they_happen(backend) {
        let measured = Measured::new(backend, &[]).await;
        let todo = a_todo(&measured).await;
        let (read, again) = (read(&todo), format!("query Again {}", read(&todo)));
        let fills = "tidewater_cache_fills_total{space=\"todo\"}";
        let ages = "tidewater_cache_age_seconds_count{space=\"todo\",tier=\"memory\"}";

        measured.ask(&read, Value::Null).await;
        measured.database.sql("UPDATE todo SET text = 'changed by hand'").await;
        let changed = missed("todo", "changed");
        let invalid = "tidewater_cache_invalidations_total{space=\"todo\"}";
        let changes = "tidewater_poll_changes_total";
        let grown = measured.grown([&changed, invalid, fills, changes], async || {
            let answer = measured.ask(&read, Value::Null).await;
            assert_eq!(answer["data"]["todo"]["text"], "changed by hand", "{answer}");
        }).await;
        let [changed, invalid, filled, changes] = grown;
        assert!(changed == 1.0 && invalid >= 1.0 && filled == 1.0 && changes >= 3.0, "{changed} {invalid} {filled} {changes}");

        let grown = measured.grown([MEMORY, ages, RESPONSE], async || drop(measured.ask(&again, Value::Null).await)).await;
        assert_eq!(grown, [1.0, 1.0, 0.0], "from memory");
        let grown = measured.grown([MEMORY, RESPONSE, "tidewater_cache_age_seconds_count{space=\"response\",tier=\"memory\"}"], async || {
            drop(measured.ask(&again, Value::Null).await);
        }).await;
        assert_eq!(grown, [0.0, 1.0, 1.0], "the whole response");

        let scrape = measured.scrape().await;
        for series in ["tidewater_cache_entries{space=\"todo\"}", "tidewater_cache_bytes{space=\"todo\"}", "tidewater_tide_table_entries"] {
            assert!(scrape.value(series) >= 1.0, "{series}");
        }
        let of = |name: &str, memory: &str| scrape.value(&format!("tidewater_cache_memory_{name}{{memory=\"{memory}\"}}"));
        for memory in ["values", "response"] {
            assert!(of("bytes", memory) > 0.0 && of("bytes", memory) < of("limit_bytes", memory), "{memory}");
            assert_eq!(of("limit_bytes", memory), 64.0 * 1_048_576.0);
        }
        // The first reads of a start: nobody had filled them.
        assert!(scrape.value(&missed("user", "never_filled")) >= 1.0, "{}", scrape.0);
    }

    async fn each_reason_that_can_be_forced_is_counted_as_itself(backend) {
        let policy = ("TIDEWATER_CACHE_POLICY", "tag:item_ttl=1ms,list_ttl=1ms");
        let measured = Measured::new(backend, &[policy, ("TIDEWATER_DEVELOPMENT", "true")]).await;
        let todo = a_todo(&measured).await;

        let grown = measured.grown([&missed("todo", "bypassed")], async || {
            measured.ask_with(&[("cache-control", "no-store")], &read(&todo)).await;
        }).await;
        assert_eq!(grown, [1.0]);

        let grown = measured.grown([&missed("todo", "dropped")], async || {
            let drop_memo = "mutation($id: ID!) { dropMemo(input: { id: $id }) { wasKept } }";
            let mut round = 0;
            // Redis is told behind the answer, and may be read from before that.
            let read_again = async || {
                round += 1;
                let dropped = measured.ask(drop_memo, json!({ "id": todo })).await;
                assert!(dropped.get("errors").is_none(), "{dropped}");
                let before = measured.scrape().await.value(&missed("todo", "dropped"));
                measured.ask(&format!("query Round{round} {}", read(&todo)), Value::Null).await;
                measured.scrape().await.value(&missed("todo", "dropped")) > before
            };
            eventually("it is read from the database", read_again).await;
        }).await;
        assert!(grown[0] >= 1.0);

        let tags = "{ viewer { tags { totalCount nodes { name } } } }";
        measured.ask(tags, Value::Null).await;
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        let grown = measured.grown([&missed("tag.count", "expired")], async || drop(measured.ask(tags, Value::Null).await)).await;
        assert_eq!(grown, [1.0]);
    }
}

#[tokio::test]
async fn what_has_no_room_is_counted_as_evicted() {
    let memory = ("TIDEWATER_CACHE_MEMORY", "8KiB");
    let measured = Measured::new(Backend::Sqlite, &[memory, ("TIDEWATER_RESPONSE_MEMORY", "0")]).await;
    let evicted = "tidewater_cache_evictions_total{space=\"note\"}";
    let notes = "{ notes(first: 6) { nodes { title user { name } tags { nodes { name } } } } }";
    let grown = measured
        .grown([evicted, &missed("note", "evicted")], async || {
            for _ in 0..20 {
                measured.ask(notes, Value::Null).await;
            }
        })
        .await;
    let [evicted, missed] = grown;
    assert!(evicted >= 1.0 && missed >= 1.0, "{evicted} evicted, {missed} missed");
    let scrape = measured.scrape().await;
    assert!(scrape.value("tidewater_cache_memory_bytes{memory=\"values\"}") <= 8_192.0);
}

#[tokio::test]
async fn what_another_server_has_filled_is_counted_as_from_redis() {
    let measured = Measured::new(Backend::PostgresRedis, &[]).await;
    let todo = a_todo(&measured).await;
    measured.ask(&read(&todo), Value::Null).await;
    let redis = measured.redis.as_ref().unwrap();
    eventually("it is in Redis", async || redis.keys().await.iter().any(|key| key.contains(":todo:"))).await;
    let environment = [
        ("DATABASE_URL", measured.database.url()),
        ("REDIS_URL", &redis.url()),
        ("TIDEWATER_REDIS_KEY_PREFIX", redis.prefix()),
        super::scrape::METRICS,
        crate::fixture::PATIENT,
    ];
    let other = tidewater_testkit::Server::start(crate::fixture::binary(), &["serve"], &environment).await;
    other.graphql_as(&measured.token, &read(&todo), Value::Null).await;
    let scrape = super::scrape::Scrape::of(&other).await;
    assert!(scrape.value("tidewater_cache_hits_total{space=\"todo\",tier=\"redis\"}") >= 1.0, "{}", scrape.0);
    assert!(scrape.value("tidewater_cache_age_seconds_count{space=\"todo\",tier=\"redis\"}") >= 1.0);
    assert!(scrape.value("tidewater_redis_command_duration_seconds_count{use=\"cache\"}") >= 1.0);
}

#[tokio::test]
async fn what_is_verified_is_counted_by_what_came_of_it() {
    let measured = Measured::new(Backend::Sqlite, &[("TIDEWATER_VERIFY_SAMPLE", "1")]).await;
    let todo = a_todo(&measured).await;
    let proven = "tidewater_cache_verifications_total{space=\"todo\",result=\"proven\"}";
    let disproved = "tidewater_cache_verifications_total{space=\"todo\",result=\"disproved\"}";
    let grown = measured
        .grown([proven, disproved], async || {
            measured.ask(&read(&todo), Value::Null).await;
            measured.ask(&format!("query Again {}", read(&todo)), Value::Null).await;
        })
        .await;
    let [proven, disproved] = grown;
    assert!(proven >= 1.0 && disproved == 0.0, "{proven} proven, {disproved} disproved");
}
