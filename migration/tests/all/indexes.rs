use std::collections::BTreeSet;

use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement, TransactionTrait};

use crate::catalog::texts;
use crate::on_both_databases;
use crate::sample::{id, populate};

/// Each index, and a query that is the reason for it. `?` stands for an id.
const REASONS: [(&str, &str); 33] = [
    ("user_by_email", "SELECT * FROM \"user\" WHERE email = 'ada@example.test'"),
    ("user_by_created_at_id", "SELECT id FROM \"user\" ORDER BY created_at, id LIMIT 20"),
    ("user_by_name_id", "SELECT id FROM \"user\" ORDER BY name, id LIMIT 20"),
    (
        "user_by_role_created_at_id",
        "SELECT id FROM \"user\" WHERE role = 'ADMIN' ORDER BY created_at DESC, id DESC LIMIT 20",
    ),
    ("session_by_token_hash", "SELECT * FROM session WHERE token_hash = 'a'"),
    ("session_by_user_id", "SELECT id FROM session WHERE user_id = ?"),
    ("session_by_expires_at", "SELECT id FROM session WHERE expires_at < '2026-01-01 00:00:00+00:00'"),
    ("todo_by_created_at_id", "SELECT id FROM todo ORDER BY created_at, id LIMIT 20"),
    ("todo_by_user_id_created_at_id", "SELECT id FROM todo WHERE user_id = ? ORDER BY created_at, id LIMIT 20"),
    (
        "todo_by_user_id_updated_at_id",
        "SELECT id FROM todo WHERE user_id = ? ORDER BY updated_at DESC, id DESC LIMIT 20",
    ),
    ("todo_by_user_id_due_at_id", "SELECT id FROM todo WHERE user_id = ? ORDER BY due_at, id LIMIT 20"),
    ("todo_by_user_id_priority_id", "SELECT id FROM todo WHERE user_id = ? ORDER BY priority DESC, id DESC LIMIT 20"),
    ("note_by_created_at_id", "SELECT id FROM note ORDER BY created_at, id LIMIT 20"),
    ("note_by_updated_at_id", "SELECT id FROM note ORDER BY updated_at DESC, id DESC LIMIT 20"),
    ("note_by_title_id", "SELECT id FROM note ORDER BY title, id LIMIT 20"),
    ("note_by_user_id_created_at_id", "SELECT id FROM note WHERE user_id = ? ORDER BY created_at, id LIMIT 20"),
    (
        "note_by_user_id_updated_at_id",
        "SELECT id FROM note WHERE user_id = ? ORDER BY updated_at DESC, id DESC LIMIT 20",
    ),
    ("note_by_user_id_title_id", "SELECT id FROM note WHERE user_id = ? ORDER BY title, id LIMIT 20"),
    (
        "note_by_visibility_created_at_id",
        "SELECT id FROM note WHERE visibility = 'PUBLIC' ORDER BY created_at, id LIMIT 20",
    ),
    ("tag_by_user_id_name", "SELECT id FROM tag WHERE user_id = ? ORDER BY name LIMIT 20"),
    ("tag_by_created_at_id", "SELECT id FROM tag ORDER BY created_at, id LIMIT 20"),
    ("tag_by_user_id_created_at_id", "SELECT id FROM tag WHERE user_id = ? ORDER BY created_at, id LIMIT 20"),
    (
        "todo_by_remind_at",
        "SELECT id, remind_at FROM todo WHERE remind_at IS NOT NULL AND NOT completed AND
         (reminded_for IS NULL OR reminded_for <> remind_at) AND remind_at <= '2026-01-01 00:00:00+00:00'
         ORDER BY remind_at LIMIT 20",
    ),
    (
        "notification_by_user_id_created_at_id",
        "SELECT id FROM notification WHERE user_id = ? ORDER BY created_at DESC, id DESC LIMIT 20",
    ),
    ("notification_by_todo_id", "SELECT id FROM notification WHERE todo_id = ?"),
    ("export_by_user_id", "SELECT id FROM export WHERE user_id = ? AND finished_at IS NULL"),
    (
        "export_by_user_id_created_at_id",
        "SELECT id FROM export WHERE user_id = ? ORDER BY created_at DESC, id DESC LIMIT 20",
    ),
    ("export_by_expires_at", "SELECT id FROM export WHERE expires_at <= '2026-01-01 00:00:00+00:00'"),
    ("todo_tag_by_tag_id_todo_id", "SELECT todo_id FROM todo_tag WHERE tag_id = ?"),
    ("note_tag_by_tag_id_note_id", "SELECT note_id FROM note_tag WHERE tag_id = ?"),
    ("note_like_by_user_id_note_id", "SELECT note_id FROM note_like WHERE user_id = ?"),
    (
        "idempotency_record_by_created_at",
        "SELECT key FROM idempotency_record WHERE created_at < '2026-01-01 00:00:00+00:00'",
    ),
    ("note_view_day_by_day", "SELECT day FROM note_view_day WHERE day < '2026-01-01'"),
];

on_both_databases! {
    async fn every_index_has_its_reason(database) {
        let connection = populate(&database).await;
        let query = match connection.get_database_backend() {
            DbBackend::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL
                AND tbl_name NOT LIKE 'tidewater%'",
            _ => "SELECT indexname::text FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE '%_pkey'
                AND tablename NOT LIKE 'tidewater%'",
        };
        let installed: BTreeSet<String> = texts(&connection, query).await.into_iter().collect();
        let known: BTreeSet<String> = REASONS.iter().map(|(index, _)| (*index).to_owned()).collect();
        assert_eq!(installed, known);
    }

    async fn every_index_serves_its_reason(database) {
        let connection = populate(&database).await;
        for (index, query) in REASONS {
            let plan = plan(&connection, &query.replace('?', &id(&connection, 1))).await;
            assert!(plan.contains(index), "{query}\n{plan}");
            assert!(!plan.to_uppercase().contains("SORT") && !plan.contains("TEMP B-TREE"), "{query}\n{plan}");
        }
    }
}

/// How the database would answer the query if the tables were too large to read or sort.
async fn plan(connection: &DatabaseConnection, query: &str) -> String {
    let backend = connection.get_database_backend();
    let transaction = connection.begin().await.unwrap();
    let (explain, column) = match backend {
        DbBackend::Sqlite => ("EXPLAIN QUERY PLAN", "detail"),
        _ => {
            let settings =
                "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off";
            transaction.execute_unprepared(settings).await.unwrap();
            ("EXPLAIN", "QUERY PLAN")
        }
    };
    let rows = transaction.query_all_raw(Statement::from_string(backend, format!("{explain} {query}"))).await.unwrap();
    let lines: Vec<String> = rows.iter().map(|row| row.try_get("", column).unwrap()).collect();
    lines.join("\n")
}
