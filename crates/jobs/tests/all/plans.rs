//! How PostgreSQL finds what is to be done: by an index, among many rows that are not.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use tidewater_entity::connect;
use tidewater_entity::seed::{Plan, seed};
use tidewater_jobs::{Context, Job, run, sweep};
use tidewater_testkit::Backend;

use crate::world::{World, remind};

async fn plan(explaining: &DatabaseConnection, statement: &Statement) -> String {
    let explain = Statement { sql: format!("EXPLAIN {}", statement.sql), ..statement.clone() };
    let rows = explaining.query_all_raw(explain).await.unwrap();
    rows.iter().map(|row| row.try_get::<String>("", "QUERY PLAN").unwrap()).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_job_reads_a_whole_table_to_find_a_few_rows() {
    let world = World::new(Backend::Postgres).await;
    seed(&world.connection, Plan { users: 1_000, todos: 20_000, notes: 5_000, seed: 1 }, "hash", |_, _, _| {})
        .await
        .unwrap();
    // Most todos have been reminded of.
    world.database.sql("UPDATE todo SET remind_at = created_at, reminded_for = created_at").await;
    let others = "INSERT INTO export (id, user_id, status, progress, created_at, finished_at, expires_at)
        SELECT gen_random_uuid(), id, 'DONE', 100, now(), now(), now() + interval '1 day' FROM \"user\", generate_series(1, 5)";
    world.database.sql(others).await;
    let told =
        "INSERT INTO notification SELECT gen_random_uuid(), user_id, 'REMINDER', id, text, now(), NULL FROM todo";
    world.database.sql(told).await;
    let sessions = "INSERT INTO session (id, user_id, token_hash, created_at, expires_at)
        SELECT gen_random_uuid(), id, md5(id::text || n) || md5(n::text), now(), now() FROM \"user\", generate_series(1, 5) AS n";
    world.database.sql(sessions).await;
    let likes = "INSERT INTO note_like (note_id, user_id, created_at)
        SELECT note.id, liking.id, now() FROM note, (SELECT id FROM \"user\" ORDER BY id LIMIT 4) AS liking";
    world.database.sql(likes).await;
    let due = world.todo(TimeDelta::seconds(-1)).await;
    world.todo(TimeDelta::days(1)).await;
    let export = world.export(due.user_id, TimeDelta::zero()).await;
    world.database.sql("VACUUM (ANALYZE)").await;

    let mut connection = connect(world.database.url(), 1).await.unwrap();
    let statements = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&statements);
    connection.set_metric_callback(move |info| noted.lock().unwrap().push(info.statement.clone()));
    let context = Context::new(connection, Duration::from_secs(60));
    assert_eq!(sweep(&context, 100).await.unwrap().len(), 2);
    for job in [remind(&due), Job::Export { export }, Job::PruneExports] {
        run(&context, job).await.unwrap();
    }
    let statements = std::mem::take(&mut *statements.lock().unwrap());
    assert!(statements.len() > 10, "{statements:?}");
    let mut by_time = 0;
    for statement in statements {
        let explained = ["SELECT", "UPDATE", "DELETE"].into_iter().any(|verb| statement.sql.starts_with(verb));
        if !explained || !statement.sql.contains('"') && !statement.sql.contains("export_chunk") {
            continue;
        }
        let plan = plan(&world.connection, &statement).await;
        // The table of pieces is as good as empty here.
        let scanned = plan.lines().find(|line| line.contains("Seq Scan on") && !line.contains("export_chunk"));
        assert_eq!(scanned, None, "{}\n{plan}", statement.sql);
        by_time += usize::from(plan.contains("todo_by_remind_at"));
    }
    assert!(by_time > 0, "due reminders are not found by their index");
}
