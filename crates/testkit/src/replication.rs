//! A Redis server with a replica, and what a failover makes of it.

use std::time::{Duration, Instant};

use tokio::time;

use crate::{process::PATIENCE, redis::TestRedis};

impl TestRedis {
    /// A server of the test's own that is a replica of `master`, in sync with it, with the same [`prefix`](Self::prefix).
    ///
    /// It is no replica any more when it is started again.
    pub async fn start_replica_of(master: &Self) -> Self {
        let replica = Self::start_own_with_prefix(master.prefix().to_owned()).await;
        let (host, port) = master.address().split_once(':').expect("the address of a server has a port");
        replica.command(&["REPLICAOF", host, port]).await;
        replica.catch_up(master).await;
        replica
    }

    /// Returns when this replica has everything that `master` holds now.
    pub async fn catch_up(&self, master: &Self) {
        let deadline = Instant::now() + PATIENCE;
        let aim = offset(&master.replication().await, "master_repl_offset");
        loop {
            let state = self.replication().await;
            if state.contains("master_link_status:up") && offset(&state, "slave_repl_offset") >= aim {
                return;
            }
            assert!(Instant::now() < deadline, "the replica is not in sync with its master; its log:\n{}", self.log());
            time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Makes a replica a master of its own: what its old master does from now on, it does not see.
    ///
    /// Writes to the old master before a client is led here are what a failover from a lagging replica loses.
    pub async fn promote(&self) {
        self.command(&["REPLICAOF", "NO", "ONE"]).await;
    }

    async fn replication(&self) -> String {
        self.command(&["INFO", "replication"]).await.as_str().map(str::to_owned).expect("INFO answers with text")
    }
}

fn offset(state: &str, name: &str) -> Option<u64> {
    state.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')?.trim().parse().ok())
}
