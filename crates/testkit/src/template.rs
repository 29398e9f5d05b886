//! Databases that tests start as copies of, made once per test process.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex},
};

use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::{
    database::{create, execute_postgres, url_of},
    sqlite::SqliteFile,
};

type Templates<T> = LazyLock<Mutex<HashMap<String, Arc<OnceCell<T>>>>>;

static POSTGRES: Templates<String> = LazyLock::new(Mutex::default);
// The bytes, because a file that a static owns would stay behind.
static SQLITE: Templates<Vec<u8>> = LazyLock::new(Mutex::default);

/// The name of the template database, made by the first caller.
pub(crate) async fn postgres(administration: &str, name: &str, prepare: impl AsyncFnOnce(String)) -> String {
    let make = async || {
        let database = format!("tidewater_template_{}", Uuid::new_v4().simple());
        create(administration, &database, None).await;
        prepare(url_of(administration, &database)).await;
        // A template with an open connection cannot be copied.
        let close = format!(
            "ALTER DATABASE {database} ALLOW_CONNECTIONS false;
             SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
        );
        execute_postgres(administration, &close).await.unwrap_or_else(|error| panic!("{error}, in: {close}"));
        database
    };
    cell(&POSTGRES, name).get_or_init(make).await.clone()
}

/// A new file with the content of the template, which the first caller makes.
pub(crate) async fn sqlite(name: &str, prepare: impl AsyncFnOnce(String)) -> SqliteFile {
    let make = async || {
        let file = SqliteFile::create().await;
        prepare(file.url()).await;
        file.content().await
    };
    SqliteFile::with_content(cell(&SQLITE, name).get_or_init(make).await).await
}

fn cell<T>(templates: &Templates<T>, name: &str) -> Arc<OnceCell<T>> {
    templates.lock().unwrap().entry(name.to_owned()).or_default().clone()
}
