//! An SQLite file of a test's own.

use std::path::PathBuf;

use sea_orm::sqlx::{
    self, AssertSqlSafe, Connection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode},
};
use tempfile::TempDir;
use tokio::fs;

use crate::process::BROKEN_MACHINE;

pub(crate) struct SqliteFile {
    directory: TempDir,
}

impl SqliteFile {
    /// An empty database in WAL mode, which the file keeps for everybody who opens it.
    pub(crate) async fn create() -> Self {
        let file = Self::absent();
        file.open().await.close().await.expect(BROKEN_MACHINE);
        file
    }

    pub(crate) async fn with_content(content: &[u8]) -> Self {
        let file = Self::absent();
        fs::write(file.path(), content).await.expect(BROKEN_MACHINE);
        file
    }

    /// The whole database as one file's bytes, whatever still stands in the write-ahead log or is open elsewhere.
    pub(crate) async fn content(&self) -> Vec<u8> {
        let copy = Self::absent();
        let mut connection = self.open().await;
        let statement = format!("VACUUM INTO '{}'", copy.path().display());
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.expect(BROKEN_MACHINE);
        connection.close().await.expect(BROKEN_MACHINE);
        // The copy is not in WAL mode until it was opened so.
        copy.open().await.close().await.expect(BROKEN_MACHINE);
        fs::read(copy.path()).await.expect(BROKEN_MACHINE)
    }

    pub(crate) fn url(&self) -> String {
        format!("sqlite://{}?mode=rwc", self.path().display())
    }

    fn absent() -> Self {
        let directory = tempfile::Builder::new().prefix("tidewater-sqlite-").tempdir().expect(BROKEN_MACHINE);
        Self { directory }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("tidewater.db")
    }

    async fn open(&self) -> SqliteConnection {
        let options = SqliteConnectOptions::new().filename(self.path()).create_if_missing(true);
        let options = options.journal_mode(SqliteJournalMode::Wal);
        SqliteConnection::connect_with(&options).await.expect(BROKEN_MACHINE)
    }
}
