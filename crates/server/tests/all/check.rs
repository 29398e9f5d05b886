//! The product checks itself: the command `check`, on servers that are written to from all sides.

use serde_json::Value;
use tidewater_testkit::{Backend, on_each_backend};

use crate::fixture::{fail, seeded, start_over, succeed};

/// Whether these runs have read and written in every way, and often.
fn is_thorough(reports: &[Value]) -> bool {
    let count = |path: String| reports.iter().filter_map(|report| report.pointer(&path)?.as_u64()).sum::<u64>();
    let read = ["item", "absent", "list", "filtered_list", "count", "nested"];
    let written = ["graphql_create", "graphql_update", "sql_insert", "sql_move", "sql_delete", "sql_bulk"];
    read.iter().all(|kind| count(format!("/reads_by_kind/{kind}")) > 10)
        && written.iter().all(|kind| count(format!("/writes_by_kind/{kind}/committed")) > 0)
        && count("/reads".to_owned()) > 1_000
}

on_each_backend! {
    async fn no_answer_is_stale_while_all_write(backend) {
        let (database, redis) = (seeded(backend).await, backend.redis().await);
        let count = if backend == Backend::PostgresRedis { 2 } else { 1 };
        let mut servers = Vec::new();
        for _ in 0..count {
            servers.push(start_over(&database, redis.as_ref()).await);
        }
        let mut arguments = vec!["check", "--duration", "5s", "--json"];
        for server in &servers {
            arguments.extend(["--url", server.url()]);
        }
        // On a slow machine, not everything has happened after one run.
        let mut reports: Vec<Value> = Vec::new();
        while !is_thorough(&reports) {
            assert!(reports.len() < 10, "{reports:#?}");
            let report = succeed(&arguments, &[("DATABASE_URL", database.url())]).await;
            let report: Value = serde_json::from_str(&report).unwrap();
            assert_eq!(report["violations"], 0, "{report:#}");
            assert_eq!(report["refused"].as_object().unwrap().len(), 0, "{report:#}");
            assert_eq!(report["left"].as_array().unwrap().len(), 0, "{report:#}");
            reports.push(report);
        }
        assert_eq!(database.sql("UPDATE todo SET text = text").await, 9, "what was there before, and nothing else");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_checked_is_told_in_one_sentence() {
    let (served, other) = (seeded(Backend::Sqlite).await, seeded(Backend::Sqlite).await);
    let server = start_over(&served, None).await;
    let arguments = ["check", "--url", server.url(), "--duration", "1s"];
    let (code, sentence) = fail(&arguments, &[("DATABASE_URL", other.url())]).await;
    assert_eq!(code, 2);
    assert_eq!(sentence, format!("the database that was given is not the one that {} serves", server.url()));

    let (code, sentence) = fail(&["check", "--url", "http://127.0.0.1:1", "--no-sql"], &[]).await;
    assert_eq!(code, 2);
    assert_eq!(sentence, "http://127.0.0.1:1 cannot be asked: connection refused");
}
