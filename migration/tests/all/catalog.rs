use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

/// What the database holds beside its own: kind and name of every table, index, trigger, function, sequence and type.
pub(crate) async fn catalog(database: &DatabaseConnection) -> Vec<String> {
    let query = match database.get_database_backend() {
        DbBackend::Sqlite => {
            "SELECT type || ' ' || name AS item FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY 1"
        }
        _ => {
            "SELECT kind || ' ' || name AS item FROM (
                 SELECT 'relation', relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
                 UNION ALL SELECT 'function', proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
                 UNION ALL SELECT 'trigger', tgname FROM pg_trigger WHERE NOT tgisinternal
                 UNION ALL SELECT 'schema', nspname FROM pg_namespace
                     WHERE nspname NOT LIKE 'pg\\_%' AND nspname NOT IN ('public', 'information_schema')
             ) AS items (kind, name) ORDER BY 1"
        }
    };
    texts(database, query).await
}

/// The catalog without the change log.
pub(crate) async fn schema(database: &DatabaseConnection) -> Vec<String> {
    catalog(database)
        .await
        .into_iter()
        .filter(|item| !item.contains("tidewater") && !item.starts_with("trigger"))
        .collect()
}

/// The first column of the query's rows.
pub(crate) async fn texts(database: &DatabaseConnection, query: &str) -> Vec<String> {
    let statement = Statement::from_string(database.get_database_backend(), query);
    let rows = database.query_all_raw(statement).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

/// How many rows `table` has.
pub(crate) async fn count(database: &DatabaseConnection, table: &str) -> i64 {
    let statement =
        Statement::from_string(database.get_database_backend(), format!("SELECT count(*) FROM \"{table}\""));
    database.query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}
