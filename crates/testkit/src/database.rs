//! A database of a test's own.

use std::{thread, time::Duration};

use sea_orm::{
    ConnectOptions, Database, DatabaseConnection,
    sqlx::{
        self, AssertSqlSafe, Connection, PgConnection, SqliteConnection, postgres::PgConnectOptions,
        sqlite::SqliteConnectOptions,
    },
};
use tokio::{runtime, time};
use uuid::Uuid;

use crate::{Postgres, process::PATIENCE, sqlite::SqliteFile, template};

/// A database that no other test sees, and that goes when the value is dropped, with whatever is still connected to it.
pub struct TestDatabase {
    url: String,
    kind: Kind,
}

enum Kind {
    Postgres { administration: String, name: String },
    Sqlite { _file: SqliteFile },
}

impl TestDatabase {
    /// A fresh empty database on the shared PostgreSQL server.
    pub async fn postgres() -> Self {
        Postgres::shared().await.database().await
    }

    /// A fresh empty SQLite file, in WAL mode.
    pub async fn sqlite() -> Self {
        Self::of_file(SqliteFile::create().await)
    }

    /// A database on the shared PostgreSQL server that starts as a copy of the template of that name.
    ///
    /// The first caller in the test process makes the template: `prepare` gets the URL of an empty database and
    /// fills it. Connections that it leaves open are closed.
    pub async fn postgres_from_template(name: &str, prepare: impl AsyncFnOnce(String)) -> Self {
        let administration = Postgres::shared().await.url();
        let template = template::postgres(administration, name, prepare).await;
        Self::create_postgres(administration, Some(&template)).await
    }

    /// An SQLite file that starts as a copy of the template of that name, which is made as for
    /// [`postgres_from_template`](Self::postgres_from_template).
    pub async fn sqlite_from_template(name: &str, prepare: impl AsyncFnOnce(String)) -> Self {
        Self::of_file(template::sqlite(name, prepare).await)
    }

    /// Its URL: `postgres://...`, or `sqlite://` with an absolute path and `?mode=rwc`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A pool of its own of at most 10 connections. Close or drop it within the test: it belongs to its runtime.
    pub async fn connect(&self) -> DatabaseConnection {
        let mut options = ConnectOptions::new(&self.url);
        options.max_connections(10).acquire_timeout(Duration::from_secs(20)).sqlx_logging(false);
        Database::connect(options).await.unwrap_or_else(|error| panic!("{} cannot be opened: {error}", self.url))
    }

    /// Runs one or more statements as psql or the sqlite3 shell would: out of band, on a connection of its own.
    ///
    /// Returns the number of rows affected. Panics when a statement fails; [`try_sql`](Self::try_sql) does not.
    pub async fn sql(&self, statements: &str) -> u64 {
        self.try_sql(statements).await.unwrap_or_else(|error| panic!("{error}, in: {statements}"))
    }

    /// Like [`sql`](Self::sql), with the database's refusal as an error.
    pub async fn try_sql(&self, statements: &str) -> Result<u64, sqlx::Error> {
        let work = async {
            match &self.kind {
                Kind::Postgres { .. } => execute_postgres(&self.url, statements).await,
                Kind::Sqlite { .. } => {
                    let options: SqliteConnectOptions = self.url.parse()?;
                    let mut connection = SqliteConnection::connect_with(&options).await?;
                    let result = sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut connection).await;
                    connection.close().await?;
                    result.map(|result| result.rows_affected())
                }
            }
        };
        time::timeout(PATIENCE, work).await.unwrap_or_else(|_| panic!("still running after {PATIENCE:?}: {statements}"))
    }

    pub(crate) async fn create_postgres(administration: &str, template: Option<&str>) -> Self {
        let name = format!("tidewater_test_{}", Uuid::new_v4().simple());
        create(administration, &name, template).await;
        let url = url_of(administration, &name);
        Self { url, kind: Kind::Postgres { administration: administration.to_owned(), name } }
    }

    fn of_file(file: SqliteFile) -> Self {
        Self { url: file.url(), kind: Kind::Sqlite { _file: file } }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Kind::Postgres { administration, name } = &self.kind {
            let (administration, name) = (administration.clone(), name.clone());
            // The test's runtime may be ending. When the whole process is, its server goes with it.
            thread::spawn(move || {
                let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                let work = async { time::timeout(PATIENCE, execute_postgres(&administration, &statement)).await };
                if let Ok(runtime) = runtime::Builder::new_current_thread().enable_all().build() {
                    let _ = runtime.block_on(work);
                }
            });
        }
    }
}

pub(crate) async fn create(administration: &str, name: &str, template: Option<&str>) {
    let template = template.unwrap_or("template0");
    let statement = format!("CREATE DATABASE {name} TEMPLATE {template}");
    execute_postgres(administration, &statement).await.unwrap_or_else(|error| panic!("{error}, in: {statement}"));
}

pub(crate) async fn execute_postgres(url: &str, statements: &str) -> Result<u64, sqlx::Error> {
    let options: PgConnectOptions = url.parse()?;
    let mut connection = PgConnection::connect_with(&options).await?;
    let result = sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut connection).await;
    connection.close().await?;
    result.map(|result| result.rows_affected())
}

/// The URL of another database on the same server, keeping parameters.
pub(crate) fn url_of(administration: &str, name: &str) -> String {
    let (address, parameters) = administration.split_once('?').unwrap_or((administration, ""));
    let (scheme, rest) = address.split_once("://").expect("a URL of PostgreSQL");
    let host = rest.split('/').next().unwrap_or(rest);
    let separator = if parameters.is_empty() { "" } else { "?" };
    format!("{scheme}://{host}/{name}{separator}{parameters}")
}
