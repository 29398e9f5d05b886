use std::time::Duration;

use tidewater_testkit::{Clock, Server, TestDatabase};
use tokio::time::sleep;

use super::schedule::{SLOW, Schedule};
use crate::fixture::{binary, prepare};

/// Two servers on one SQLite file. The second one's wall clock can be set, and it keeps the change log for two seconds only.
pub(super) struct SqliteWorld {
    database: TestDatabase,
    clock: Clock,
    servers: Vec<Server>,
    turn: usize,
}

impl SqliteWorld {
    pub(super) async fn start() -> Self {
        let database = TestDatabase::sqlite().await;
        prepare(database.url()).await;
        let clock = Clock::new();
        let common = [
            ("DATABASE_URL", database.url()),
            ("FAILPOINTS", SLOW),
            ("TIDEWATER_VERIFY_SAMPLE", "0.001"),
            // The load of a check is no viewer's usual one.
            ("TIDEWATER_REQUEST_RATE", "0"),
        ];
        let first = Server::start(binary(), &["serve"], &common).await;
        let mut environment = common.to_vec();
        environment.extend(clock.environment());
        environment.extend([
            ("TIDEWATER_ITEM_TTL", "1s"),
            ("TIDEWATER_LIST_TTL", "1s"),
            ("TIDEWATER_LOG_RETENTION", "2s"),
        ]);
        let second = Server::start(binary(), &["serve"], &environment).await;
        Self { database, clock, servers: vec![first, second], turn: 0 }
    }

    pub(super) fn urls(&self) -> Vec<String> {
        self.servers.iter().map(|server| server.url().to_owned()).collect()
    }

    pub(super) fn database_url(&self) -> &str {
        self.database.url()
    }
}

impl Schedule for SqliteWorld {
    async fn next(&mut self) -> &'static str {
        let turn = self.turn;
        self.turn += 1;
        match turn % 4 {
            0 => {
                self.servers[0].pause();
                sleep(Duration::from_secs(3)).await;
                self.servers[0].resume();
                "server paused for longer than the log is kept"
            }
            1 => {
                self.clock.set_back(Duration::from_secs(3_600));
                "clock set back"
            }
            2 => {
                self.servers[0].kill().await;
                self.servers[0].start_again().await;
                "server killed"
            }
            _ => {
                self.clock.set_forward(Duration::from_secs(3_600));
                "clock set forward"
            }
        }
    }
}
