//! A database with two tracked tables, and a log of it that has been polled once.

use std::fmt::Write;

use sea_orm::DatabaseConnection;
use tidewater_changelog::{
    Change, ChangeSource, Column, Columns, Generation, Kind, Log, Mark, Operation, Poll, RowChange, Tracking, Value,
    install,
};
use tidewater_testkit::TestDatabase;

/// A todo of a user, who takes it along when deleted.
pub(crate) const TABLES: &str = "
    CREATE TABLE \"user\" (id integer PRIMARY KEY, email text UNIQUE);
    CREATE TABLE todo (id integer PRIMARY KEY, user_id integer REFERENCES \"user\" (id) ON DELETE CASCADE, text text,
        done boolean NOT NULL DEFAULT false);
    INSERT INTO \"user\" VALUES (1, 'one'), (2, 'two')";

pub(crate) const USER: Tracking =
    Tracking::new("user", &[Column::new("id", Kind::Integer)], &[Column::new("email", Kind::Text)]);
pub(crate) const TODO: Tracking =
    Tracking::new("todo", &[Column::new("id", Kind::Integer)], &[Column::new("user_id", Kind::Integer)]);
pub(crate) const BOTH: &[Tracking] = &[USER, TODO];

pub(crate) struct Fixture {
    pub(crate) database: TestDatabase,
    pub(crate) connection: DatabaseConnection,
    pub(crate) log: Log,
}

impl Fixture {
    pub(crate) async fn postgres() -> Self {
        Self::new(TestDatabase::postgres().await, TABLES, BOTH).await
    }

    pub(crate) async fn sqlite() -> Self {
        Self::new(TestDatabase::sqlite().await, TABLES, BOTH).await
    }

    pub(crate) async fn new(database: TestDatabase, tables: &str, tracking: &[Tracking]) -> Self {
        database.sql(tables).await;
        let connection = database.connect().await;
        install(&connection, tracking).await.unwrap();
        let mut log = Log::connect(database.url(), tracking).await.unwrap();
        restarted(log.poll().await.unwrap());
        Self { database, connection, log }
    }

    pub(crate) async fn sql(&self, statements: &str) {
        self.database.sql(statements).await;
    }

    /// What a poll that must continue sees, sorted; see [`describe`].
    pub(crate) async fn changes(&mut self) -> Vec<String> {
        describe_all(&continued(self.log.poll().await.unwrap()).1)
    }

    /// What one poll sees after `statements` were committed.
    pub(crate) async fn after(&mut self, statements: &str) -> Vec<String> {
        self.sql(statements).await;
        self.changes().await
    }
}

#[track_caller]
pub(crate) fn continued(poll: Poll) -> (Mark, Vec<Change>) {
    match poll {
        Poll::Continued { mark, changes, .. } => (mark, changes),
        Poll::Restarted { generation, .. } => panic!("started over, in generation {generation}"),
    }
}

#[track_caller]
pub(crate) fn restarted(poll: Poll) -> (Generation, Vec<(Mark, Vec<Change>)>) {
    match poll {
        Poll::Restarted { generation, history } => (generation, history),
        Poll::Continued { mark, .. } => panic!("continued, at {mark}"),
    }
}

pub(crate) fn describe_all(changes: &[Change]) -> Vec<String> {
    let mut texts: Vec<String> = changes.iter().map(describe).collect();
    texts.sort();
    texts
}

/// `+todo(1,7)`, `-todo(1,7)`, `todo(1,7)>(1,8) user_id` (or ` *` for all columns), `*todo` for the whole table.
pub(crate) fn describe(change: &Change) -> String {
    match change {
        Change::Table { table } => format!("*{table}"),
        Change::Row(RowChange { table, operation, old, new, changed }) => {
            let (old, new) = (values(old), values(new));
            match operation {
                Operation::Insert => format!("+{table}{new}"),
                Operation::Delete | Operation::Replace => format!("-{table}{old}"),
                Operation::Update => format!("{table}{old}>{new} {}", columns(changed)),
            }
        }
    }
}

fn columns(columns: &Columns) -> String {
    match columns {
        Columns::All => "*".to_owned(),
        Columns::Named(names) => names.join(","),
    }
}

fn values(values: &[Value]) -> String {
    let mut text = String::from("(");
    for (index, value) in values.iter().enumerate() {
        let separator = if index == 0 { "" } else { "," };
        match value {
            Value::Null => write!(text, "{separator}null"),
            Value::Boolean(value) => write!(text, "{separator}{value}"),
            Value::Integer(value) => write!(text, "{separator}{value}"),
            Value::Text(value) => write!(text, "{separator}{value}"),
            Value::Uuid(value) => write!(text, "{separator}{value}"),
        }
        .unwrap();
    }
    text + ")"
}

/// Runs each test body on a fixture of each kind of database: `name::postgres` and `name::sqlite`.
macro_rules! on_both {
    ($($(#[$attribute:meta])* async fn $name:ident($fixture:ident) $body:block)+) => {$(
        $(#[$attribute])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            #[allow(unused_mut)]
            async fn body(mut $fixture: crate::fixture::Fixture) $body

            #[tokio::test]
            async fn postgres() {
                body(crate::fixture::Fixture::postgres().await).await;
            }

            #[tokio::test]
            async fn sqlite() {
                body(crate::fixture::Fixture::sqlite().await).await;
            }
        }
    )+};
}
pub(crate) use on_both;
