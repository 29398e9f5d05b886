use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sea_orm::sqlx;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sea_orm::sqlx::{ConnectOptions, Connection, Database, pool::PoolOptions};
use sea_orm::{DatabaseConnection, SqlxPostgresConnector, SqlxSqliteConnector};

use tokio::time::timeout;

use crate::Error;

/// Of a name, so that with the number of a process it has no more than 63 bytes.
const LONGEST_NAME: usize = 12;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const TRUSTED_IDLE_TIME: Duration = Duration::from_secs(1);
const PING_TIMEOUT: Duration = Duration::from_millis(500);

/// Opens a pool of at most `max_connections` connections to the database at `url`: `postgres://...` or `sqlite:FILE`. An
/// SQLite file that is missing is created; its folder is not.
///
/// Waits at most 5 seconds for a connection, now and whenever one is needed. PostgreSQL ends a statement after 10 seconds;
/// SQLite waits at most 5 seconds for another writer. One connection is tried before this returns, so that what is wrong
/// with the URL or the server is said here. No error shows the URL's password.
pub async fn connect(url: &str, max_connections: u32) -> Result<DatabaseConnection, Error> {
    connect_as(url, max_connections, None).await
}

/// Like [`connect`]; on PostgreSQL the names of the connections end with `#` and `process`, if it is given, in any case. The change
/// log tells by that who wrote.
///
/// # Errors
/// As [`connect`].
pub async fn connect_as(url: &str, max_connections: u32, process: Option<&str>) -> Result<DatabaseConnection, Error> {
    match url.split_once(':') {
        Some(("postgres" | "postgresql", _)) => postgres(url, max_connections, process).await,
        Some(("sqlite", _)) => sqlite(url, max_connections).await,
        _ => Err(Error::Url("it begins neither with `postgres://` nor with `sqlite:`".to_owned())),
    }
}

async fn postgres(url: &str, max_connections: u32, process: Option<&str>) -> Result<DatabaseConnection, Error> {
    let options: PgConnectOptions = url.parse().map_err(unusable)?;
    let place = options.get_socket().map_or_else(|| options.get_host().to_owned(), |path| path.display().to_string());
    let name = options.get_database().unwrap_or(options.get_username());
    let database = format!("{name} at {place}:{}", options.get_port());
    let name = options.get_application_name().unwrap_or("tidewater").to_owned();
    let name = match process {
        // PostgreSQL cuts longer ones.
        Some(process) => format!("{}#{process}", name.chars().take(LONGEST_NAME).collect::<String>()),
        None => name,
    };
    let options = options.application_name(&name);
    let options =
        options.options([("statement_timeout", STATEMENT_TIMEOUT.as_millis().to_string())]).disable_statement_logging();
    reach(&options, database).await?;
    let pool = bounded(PgPoolOptions::new(), max_connections).connect_lazy_with(options);
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}

async fn sqlite(url: &str, max_connections: u32) -> Result<DatabaseConnection, Error> {
    if url.contains(":memory:") || url.contains("mode=memory") {
        return Err(Error::Url("changes of an in-memory database cannot be followed; name a file".to_owned()));
    }
    let options: SqliteConnectOptions = url.parse().map_err(unusable)?;
    let database = options.get_filename().display().to_string();
    let options = options
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        // With less, a power cut takes back commits that were acknowledged. Their numbers in the change log would be given
        // again to other changes, and whatever a cache holds under them would look valid.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging();
    reach(&options, database).await?;
    let pool = bounded(SqlitePoolOptions::new(), max_connections).connect_lazy_with(options);
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}

/// Connects once beside the pool, which would answer a refusal by asking again and in the end only tell that time is up.
async fn reach<O>(options: &O, database: String) -> Result<(), Error>
where
    O: ConnectOptions<Connection: Sized>,
{
    let attempt = async { options.connect().await?.close().await };
    let reason = match timeout(ACQUIRE_TIMEOUT, attempt).await {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(sqlx::Error::Database(error))) => error.message().to_owned(),
        Ok(Err(sqlx::Error::Io(error))) => error.to_string(),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {} seconds", ACQUIRE_TIMEOUT.as_secs()),
    };
    Err(Error::Unreachable { database, reason })
}

fn bounded<D: Database>(options: PoolOptions<D>, max_connections: u32) -> PoolOptions<D> {
    let doubt = Doubt::default();
    let released = doubt.clone();
    options
        .max_connections(max_connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // A ping before each use would double the round trips of a read. Connections die while they are idle, so only one
        // that was idle for long is asked.
        .test_before_acquire(false)
        .before_acquire(move |connection, state| {
            let doubt = doubt.clone();
            Box::pin(async move {
                if doubt.covers(state.idle_for) {
                    return Ok(false);
                }
                if state.idle_for < TRUSTED_IDLE_TIME {
                    return Ok(true);
                }
                Ok(doubt.allays(connection).await)
            })
        })
        // A statement that was given up may leave a connection that will never answer: it must not keep its place.
        .after_release(move |connection, _| {
            let doubt = released.clone();
            Box::pin(async move { Ok(doubt.allays(connection).await) })
        })
}

/// When a connection was last found dead. Others that nobody has used since may be as dead, and asking each would take as
/// long each time.
#[derive(Clone, Debug, Default)]
struct Doubt(Arc<Mutex<Option<Instant>>>);

impl Doubt {
    /// Whether `connection` answers in time.
    async fn allays<C: Connection>(&self, connection: &mut C) -> bool {
        let answered = matches!(timeout(PING_TIMEOUT, connection.ping()).await, Ok(Ok(())));
        if !answered {
            *self.0.lock() = Some(Instant::now());
        }
        answered
    }

    /// Whether a connection that has been idle for this long was last used before.
    fn covers(&self, idle_for: Duration) -> bool {
        self.0.lock().is_some_and(|raised| raised.elapsed() < idle_for)
    }
}

fn unusable(error: sqlx::Error) -> Error {
    match error {
        sqlx::Error::Configuration(reason) => Error::Url(reason.to_string()),
        error => Error::Url(error.to_string()),
    }
}
