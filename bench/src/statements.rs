//! Counts the statements that PostgreSQL runs, by `pg_stat_statements`.

use std::path::Path;
use std::process::Command;

use sea_orm::sqlx::{self, PgConnection};
use tidewater_testkit::installed;

use crate::error::Error;
use crate::system::output;

/// What only the poll of the change log says.
const POLL: &str = "%tidewater_floor AS f WHERE f.singleton%";

const COUNT: &str = "SELECT
        coalesce(sum(calls) FILTER (WHERE query LIKE $1), 0)::bigint,
        coalesce(sum(calls) FILTER (WHERE query NOT LIKE $1 AND query NOT LIKE '%pg_stat_statements%'), 0)::bigint
    FROM pg_stat_statements
    WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// The way to the numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Statements(());

/// How many statements have been run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    /// Polls of the change log.
    pub(crate) polls: u64,
    /// All others, with those that begin and end transactions.
    pub(crate) others: u64,
}

impl Statements {
    /// Whether the installed PostgreSQL can count statements.
    pub(crate) fn are_available() -> bool {
        let folder = output(Command::new("pg_config").arg("--pkglibdir")).unwrap_or_default();
        let beside = installed("postgres").with_file_name("../lib/pg_stat_statements.so");
        Path::new(folder.trim()).join("pg_stat_statements.so").is_file() || beside.is_file()
    }

    /// Begins to count.
    pub(crate) async fn install(connection: &mut PgConnection) -> Result<Self, Error> {
        sqlx::raw_sql("CREATE EXTENSION pg_stat_statements").execute(connection).await?;
        Ok(Self(()))
    }

    /// How many have been run until now.
    pub(crate) async fn count(self, connection: &mut PgConnection) -> Result<Counted, Error> {
        let (polls, others): (i64, i64) = sqlx::query_as(COUNT).bind(POLL).fetch_one(connection).await?;
        Ok(Counted { polls: polls.unsigned_abs(), others: others.unsigned_abs() })
    }
}

impl Counted {
    /// What was run since `before`.
    pub(crate) fn since(self, before: Self) -> Self {
        Self { polls: self.polls.saturating_sub(before.polls), others: self.others.saturating_sub(before.others) }
    }
}
