//! The database, asked and changed behind the servers' backs.

use std::future::Future;
use std::str::FromStr;
use std::time::Duration;

use chrono::Utc;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database as Connections, DatabaseConnection, DatabaseTransaction, DbBackend,
    DbErr, QueryResult, RuntimeErr, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait, Value,
    sqlx,
};
use tokio::time::timeout;
use uuid::Uuid;

use crate::Error;
use crate::label::PREFIX_LENGTH;
use crate::state::{Family, Row};

/// A pool of connections, each of whose statements has a time to end in.
#[derive(Clone)]
pub(crate) struct Database {
    connections: DatabaseConnection,
    timeout: Duration,
}

/// Why a statement, or a commit, did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SqlFailure {
    /// The database said no, and the transaction is not in force.
    Refused(String),
    /// Nobody knows whether it was executed.
    Lost(String),
    /// What this run has written is not there as it was written.
    Differs(String),
}

/// An open transaction.
pub(crate) struct Transaction {
    transaction: DatabaseTransaction,
    timeout: Duration,
}

/// A row as the database has it.
pub(crate) struct Stored {
    pub(crate) id: Uuid,
    pub(crate) owner: Uuid,
    pub(crate) text: String,
    pub(crate) flag: bool,
}

impl Database {
    pub(crate) async fn connect(url: &str, connections: usize, time: Duration) -> Result<Self, Error> {
        let mut options = ConnectOptions::new(url);
        options.max_connections(u32::try_from(connections).unwrap_or(u32::MAX).max(2)).sqlx_logging(false);
        options.acquire_timeout(time);
        // A file that is not there is served by nobody.
        options.map_sqlx_sqlite_opts(move |options| options.create_if_missing(false).busy_timeout(time));
        let failed = |reason: String| Error::Database(reason);
        let connected = timeout(time, Connections::connect(options)).await;
        let connections = connected.map_err(|_| failed("it does not answer".to_owned()))?;
        let connections = connections.map_err(|error| failed(one_line(&error)))?;
        Ok(Self { connections, timeout: time })
    }

    pub(crate) async fn has_user(&self, id: Uuid) -> Result<bool, Error> {
        let rows = self.query("SELECT 1 AS one FROM \"user\" WHERE id = $1", vec![id.into()]).await?;
        Ok(!rows.is_empty())
    }

    /// Deletes the rows with these ids, which an earlier run with the same seed may have left.
    pub(crate) async fn forget_rows(&self, table: &str, ids: &[Uuid]) -> Result<(), Error> {
        if !ids.is_empty() {
            let (list, values) = listed(ids, 1);
            self.execute(&format!("DELETE FROM {table} WHERE id IN ({list})"), values).await?;
        }
        Ok(())
    }

    /// Deletes users, and with them all that is theirs.
    pub(crate) async fn forget_users(&self, ids: &[Uuid]) -> Result<(), Error> {
        self.forget_rows("\"user\"", ids).await
    }

    /// The todos or notes of these users.
    pub(crate) async fn rows(&self, family: Family, owners: &[Uuid]) -> Result<Vec<Stored>, Error> {
        let (list, values) = listed(owners, 1);
        let columns = match family {
            Family::Note => "title AS text, visibility = 'PUBLIC' AS flag FROM note",
            _ => "text, completed AS flag FROM todo",
        };
        let query = format!("SELECT id, user_id, {columns} WHERE user_id IN ({list})");
        let rows = self.query(&query, values).await?;
        let stored = rows.iter().map(|row| {
            Ok(Stored {
                id: row.try_get("", "id")?,
                owner: row.try_get("", "user_id")?,
                text: row.try_get("", "text")?,
                flag: row.try_get("", "flag")?,
            })
        });
        stored.collect::<Result<_, DbErr>>().map_err(|error| Error::Database(one_line(&error)))
    }

    /// The names of these users, or the bios of their profiles.
    pub(crate) async fn texts(&self, family: Family, users: &[Uuid]) -> Result<Vec<(Uuid, String)>, Error> {
        let (list, values) = listed(users, 1);
        let query = match family {
            Family::Bio => format!("SELECT user_id AS id, bio AS text FROM profile WHERE user_id IN ({list})"),
            _ => format!("SELECT id, name AS text FROM \"user\" WHERE id IN ({list})"),
        };
        let rows = self.query(&query, values).await?;
        let texts = rows.iter().map(|row| Ok((row.try_get("", "id")?, row.try_get("", "text")?)));
        texts.collect::<Result<_, DbErr>>().map_err(|error| Error::Database(one_line(&error)))
    }

    pub(crate) async fn begin(&self) -> Result<Transaction, SqlFailure> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let transaction = limited(self.timeout, self.connections.begin_with_options(options)).await?;
        Ok(Transaction { transaction, timeout: self.timeout })
    }

    /// Ends all connections.
    pub(crate) async fn close(self) {
        // What does not end in time ends with the process.
        let _ = timeout(self.timeout, self.connections.close()).await;
    }

    async fn query(&self, text: &str, values: Vec<Value>) -> Result<Vec<QueryResult>, Error> {
        let statement = Statement::from_sql_and_values(self.connections.get_database_backend(), text, values);
        let rows = limited(self.timeout, self.connections.query_all_raw(statement)).await;
        rows.map_err(|failure| Error::Database(failure.to_string()))
    }

    async fn execute(&self, text: &str, values: Vec<Value>) -> Result<u64, Error> {
        let statement = Statement::from_sql_and_values(self.connections.get_database_backend(), text, values);
        let result = limited(self.timeout, self.connections.execute_raw(statement)).await;
        result.map(|result| result.rows_affected()).map_err(|failure| Error::Database(failure.to_string()))
    }
}

impl Transaction {
    pub(crate) fn is_sqlite(&self) -> bool {
        self.transaction.get_database_backend() == DbBackend::Sqlite
    }

    /// A savepoint.
    pub(crate) async fn savepoint(&self) -> Result<Self, SqlFailure> {
        let transaction = limited(self.timeout, self.transaction.begin()).await?;
        Ok(Self { transaction, timeout: self.timeout })
    }

    /// Commits, or releases a savepoint.
    pub(crate) async fn commit(self) -> Result<(), SqlFailure> {
        match timeout(self.timeout, self.transaction.commit()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) if is_rolled_back(&error) => Err(SqlFailure::Refused(kind(&error))),
            Ok(Err(error)) => Err(SqlFailure::Lost(kind(&error))),
            Err(_) => Err(SqlFailure::Lost("the database timed out".to_owned())),
        }
    }

    /// Rolls back, to the savepoint if it is one.
    pub(crate) async fn roll_back(self) -> Result<(), SqlFailure> {
        limited(self.timeout, self.transaction.rollback()).await
    }

    /// Inserts todos or notes.
    pub(crate) async fn insert(&self, family: Family, rows: &[(Uuid, Uuid, String, bool)]) -> Result<(), SqlFailure> {
        let now = Utc::now();
        let mut values: Vec<Value> = Vec::with_capacity(rows.len() * 8);
        let mut tuples = Vec::with_capacity(rows.len());
        for (id, owner, text, flag) in rows {
            let from = values.len() + 1;
            values.extend([(*id).into(), (*owner).into(), text.as_str().into()]);
            match family {
                Family::Note => values.extend(["".into(), visibility(*flag).into()]),
                _ => values.extend([(*flag).into(), 1_i16.into()]),
            }
            values.extend([now.into(), now.into()]);
            tuples.push(format!("({})", parameters(from..values.len() + 1)));
        }
        let columns = match family {
            Family::Note => "note (id, user_id, title, body, visibility, created_at, updated_at)",
            _ => "todo (id, user_id, text, completed, priority, created_at, updated_at)",
        };
        self.change(&format!("INSERT INTO {columns} VALUES {}", tuples.join(", ")), values, rows.len()).await
    }

    /// Changes in one todo or note what differs between `old` and `new`.
    pub(crate) async fn update(
        &self,
        family: Family,
        id: Uuid,
        (old, new): (&Row, &Row),
        text: String,
        owner: Uuid,
    ) -> Result<(), SqlFailure> {
        let (table, text_column, flag_column) = match family {
            Family::Note => ("note", "title", "visibility"),
            _ => ("todo", "text", "completed"),
        };
        let mut values: Vec<Value> = vec![id.into()];
        let mut columns = Vec::with_capacity(3);
        let mut set = |column: &str, value: Value| {
            values.push(value);
            columns.push(format!("{column} = ${}", values.len()));
        };
        if old.stamp != new.stamp {
            set(text_column, text.into());
        }
        if old.owner != new.owner {
            set("user_id", owner.into());
        }
        if old.flag != new.flag {
            set(flag_column, if family == Family::Note { visibility(new.flag).into() } else { new.flag.into() });
        }
        let columns = columns.join(", ");
        self.change(&format!("UPDATE {table} SET {columns} WHERE id = $1"), values, 1).await
    }

    /// Gives many todos the same stamp and the same state in one statement.
    pub(crate) async fn update_todos(&self, ids: &[Uuid], stamp: u64, completed: bool) -> Result<(), SqlFailure> {
        let (list, values) = listed(ids, 3);
        let values = [vec![stamp.to_string().into(), completed.into()], values].concat();
        let text = format!(
            "UPDATE todo SET text = substr(text, 1, {PREFIX_LENGTH}) || $1, completed = $2 WHERE id IN ({list})"
        );
        self.change(&text, values, ids.len()).await
    }

    /// Deletes todos or notes.
    pub(crate) async fn delete(&self, family: Family, ids: &[Uuid]) -> Result<(), SqlFailure> {
        let table = if family == Family::Note { "note" } else { "todo" };
        let (list, values) = listed(ids, 1);
        self.change(&format!("DELETE FROM {table} WHERE id IN ({list})"), values, ids.len()).await
    }

    /// Gives a user another name.
    pub(crate) async fn rename(&self, user: Uuid, name: String) -> Result<(), SqlFailure> {
        self.change("UPDATE \"user\" SET name = $2 WHERE id = $1", vec![user.into(), name.into()], 1).await
    }

    /// Makes, changes or deletes a profile.
    pub(crate) async fn profile(&self, user: Uuid, was_there: bool, bio: Option<String>) -> Result<(), SqlFailure> {
        match (was_there, bio) {
            (true, Some(bio)) => {
                self.change("UPDATE profile SET bio = $2 WHERE user_id = $1", vec![user.into(), bio.into()], 1).await
            }
            (false, Some(bio)) => {
                let values = vec![user.into(), bio.into(), Utc::now().into()];
                self.change("INSERT INTO profile (user_id, bio, updated_at) VALUES ($1, $2, $3)", values, 1).await
            }
            (_, None) => self.change("DELETE FROM profile WHERE user_id = $1", vec![user.into()], 1).await,
        }
    }

    async fn change(&self, text: &str, values: Vec<Value>, expected: usize) -> Result<(), SqlFailure> {
        let statement = Statement::from_sql_and_values(self.transaction.get_database_backend(), text, values);
        let changed = limited(self.timeout, self.transaction.execute_raw(statement)).await?.rows_affected();
        if changed == expected as u64 {
            return Ok(());
        }
        let text: String = text.chars().take(60).collect();
        Err(SqlFailure::Differs(format!("{changed} rows instead of {expected} were there for: {text}")))
    }
}

/// Whether a database has this form of URL.
pub(crate) fn is_supported(url: &str) -> bool {
    url::Url::from_str(url).is_ok_and(|url| matches!(url.scheme(), "postgres" | "postgresql" | "sqlite"))
}

async fn limited<T>(time: Duration, work: impl Future<Output = Result<T, DbErr>>) -> Result<T, SqlFailure> {
    match timeout(time, work).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(SqlFailure::Refused(kind(&error))),
        Err(_) => Err(SqlFailure::Refused("the database timed out".to_owned())),
    }
}

fn visibility(public: bool) -> &'static str {
    if public { "PUBLIC" } else { "PRIVATE" }
}

fn parameters(range: std::ops::Range<usize>) -> String {
    range.map(|number| format!("${number}")).collect::<Vec<_>>().join(", ")
}

fn listed(ids: &[Uuid], from: usize) -> (String, Vec<Value>) {
    (parameters(from..from + ids.len()), ids.iter().map(|id| (*id).into()).collect())
}

fn driver(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => Some(error),
        _ => None,
    }
}

fn code(error: &DbErr) -> Option<String> {
    driver(error)?.as_database_error()?.code().map(Into::into)
}

/// Whether a commit that ended so is known not to be in force: PostgreSQL's conflicts and violated constraints, and an SQLite
/// file that was busy.
fn is_rolled_back(error: &DbErr) -> bool {
    code(error).is_some_and(|code| code.starts_with("40") || code.starts_with("23") || code == "5")
}

/// What kind of failure this is, without what differs from one to the next.
fn kind(error: &DbErr) -> String {
    match code(error).as_deref() {
        Some("5" | "517" | "261") => "the database is busy".to_owned(),
        Some(code) => format!("the database refused, with code {code}"),
        None => match driver(error) {
            Some(sqlx::Error::PoolTimedOut) => "the database timed out".to_owned(),
            _ => "the database was lost".to_owned(),
        },
    }
}

fn one_line(error: &dyn std::error::Error) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

impl std::fmt::Display for SqlFailure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::Refused(text) | Self::Lost(text) | Self::Differs(text)) = self;
        formatter.write_str(text)
    }
}
