use std::collections::HashMap;

use sea_orm::sqlx::{self, AssertSqlSafe, Row, SqliteConnection, SqlitePool};
use uuid::Uuid;

use super::table::{Table, identifier, literal};
use super::triggers::{Trigger, triggers};
use crate::{Error, Tracking};

/// The version of the log's tables; a log of another version is made anew.
const FORMAT: i64 = 1;

/// The token tells a row from one of the same sequence in another copy of the file.
const CREATE: &str = "
    CREATE TABLE tidewater_change (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        token INTEGER NOT NULL DEFAULT (random()),
        table_name TEXT NOT NULL,
        columns TEXT,
        operation TEXT NOT NULL,
        old_values TEXT,
        new_values TEXT,
        changed TEXT
    );
    CREATE TABLE tidewater_floor (
        singleton INTEGER PRIMARY KEY CHECK (singleton = 1),
        identity TEXT NOT NULL,
        floor INTEGER NOT NULL,
        format INTEGER NOT NULL
    );";
const DROP: &str = "DROP TABLE IF EXISTS tidewater_change; DROP TABLE IF EXISTS tidewater_floor";

/// Waits for other writers before it reads, so that what it read stays true.
const BEGIN: &str = "BEGIN IMMEDIATE";

pub(crate) async fn install(pool: &SqlitePool, tracking: &[Tracking]) -> Result<(), Error> {
    let mut transaction = pool.begin_with(BEGIN).await?;
    let connection = &mut *transaction;
    let designs = designs(connection, tracking).await?;
    if log_difference(connection).await?.is_some() {
        sqlx::raw_sql(DROP).execute(&mut *connection).await?;
        sqlx::raw_sql(CREATE).execute(&mut *connection).await?;
        let floor = "INSERT INTO tidewater_floor (singleton, identity, floor, format) VALUES (1, ?1, 0, ?2)";
        let identity = Uuid::new_v4().simple().to_string();
        sqlx::query(floor).bind(identity).bind(FORMAT).execute(&mut *connection).await?;
    }
    let installed = installed(connection).await?;
    for name in installed.keys() {
        if !designs.iter().flat_map(|(_, triggers)| triggers).any(|(designed, _)| designed == name) {
            drop_trigger(connection, name).await?;
        }
    }
    for (table, triggers) in &designs {
        if difference(&installed, triggers).is_some() {
            make(connection, table, triggers).await?;
        }
    }
    Ok(transaction.commit().await?)
}

pub(crate) async fn uninstall(pool: &SqlitePool) -> Result<(), Error> {
    let mut transaction = pool.begin_with(BEGIN).await?;
    let connection = &mut *transaction;
    for name in installed(connection).await?.keys() {
        drop_trigger(connection, name).await?;
    }
    sqlx::raw_sql(DROP).execute(&mut *connection).await?;
    Ok(transaction.commit().await?)
}

pub(crate) async fn verify(pool: &SqlitePool, tracking: &[Tracking]) -> Result<(), Error> {
    let mut transaction = pool.begin().await?;
    let connection = &mut *transaction;
    if let Some((table, what)) = log_difference(connection).await? {
        return Err(Error::different(table, what));
    }
    let (installed, designs) = (installed(connection).await?, designs(connection, tracking).await?);
    for (table, triggers) in &designs {
        if let Some(what) = difference(&installed, triggers) {
            return Err(Error::different(table, what));
        }
    }
    let designed = |name: &String| designs.iter().flat_map(|(_, triggers)| triggers).any(|(other, _)| other == name);
    let undeclared = installed.keys().find(|name| !designed(name));
    undeclared.map_or(Ok(()), |name| Err(Error::different(name, "is a trigger of a table that is not declared")))
}

async fn designs(
    connection: &mut SqliteConnection,
    tracking: &[Tracking],
) -> Result<Vec<(&'static str, Vec<Trigger>)>, Error> {
    let mut designs = Vec::with_capacity(tracking.len());
    for declared in tracking {
        let table = Table::read(connection, declared).await?;
        designs.push((declared.table, triggers(declared, &table)));
    }
    Ok(designs)
}

/// What is wrong with the log's own tables, if anything.
async fn log_difference(connection: &mut SqliteConnection) -> Result<Option<(&'static str, String)>, Error> {
    for table in ["tidewater_change", "tidewater_floor"] {
        let exists = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1)";
        if !sqlx::query_scalar::<_, bool>(exists).bind(table).fetch_one(&mut *connection).await? {
            return Ok(Some((table, "is missing".to_owned())));
        }
    }
    let format: Option<i64> =
        sqlx::query_scalar("SELECT format FROM tidewater_floor").fetch_optional(connection).await?;
    Ok(match format {
        None => Some(("tidewater_floor", "is empty".to_owned())),
        Some(FORMAT) => None,
        Some(_) => Some(("tidewater_floor", "is of another version".to_owned())),
    })
}

/// The triggers that are there, by name.
async fn installed(connection: &mut SqliteConnection) -> Result<HashMap<String, String>, Error> {
    let triggers = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND substr(name, 1, 10) = 'tidewater_'";
    let rows = sqlx::query(triggers).fetch_all(connection).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// How what is installed differs from the design of a table, if it does.
fn difference(installed: &HashMap<String, String>, triggers: &[Trigger]) -> Option<String> {
    triggers.iter().find_map(|(name, statement)| match installed.get(name) {
        None => Some(format!("has no trigger `{name}`")),
        Some(live) if live == statement => None,
        Some(_) => {
            Some(format!("has another trigger `{name}`: its columns or its declaration changed, or it was edited"))
        }
    })
}

async fn make(connection: &mut SqliteConnection, table: &str, triggers: &[Trigger]) -> Result<(), Error> {
    for (name, statement) in triggers {
        drop_trigger(connection, name).await?;
        sqlx::raw_sql(AssertSqlSafe(statement.as_str())).execute(&mut *connection).await?;
    }
    let whole = format!("INSERT INTO tidewater_change (table_name, operation) VALUES ({}, 'T')", literal(table));
    sqlx::raw_sql(AssertSqlSafe(whole)).execute(connection).await?;
    Ok(())
}

async fn drop_trigger(connection: &mut SqliteConnection, name: &str) -> Result<(), Error> {
    let drop = format!("DROP TRIGGER IF EXISTS {}", identifier(name));
    sqlx::raw_sql(AssertSqlSafe(drop)).execute(connection).await?;
    Ok(())
}
