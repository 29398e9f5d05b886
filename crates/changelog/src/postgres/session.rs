use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use sea_orm::sqlx::{self, ConnectOptions, PgConnection, Row, postgres::PgConnectOptions};

use crate::Error;

/// A connection of the log's own, and what cannot change while it lives.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) connection: PgConnection,
    /// Of the database, this run of its server, and the log's tables.
    pub(super) generation: String,
    /// What every poll must find again: the log's tables as they were, and this connection's own server process.
    pub(super) anchor: String,
}

/// After how long without an answer another attempt to connect is begun.
const ANOTHER_ATTEMPT: Duration = Duration::from_millis(400);

/// The poll's plan must not depend on statistics: with few of them it became a sequential scan. The server's own limit frees
/// the server of a statement whose client is gone.
const SETTINGS: &str = "
    SET default_transaction_isolation = 'read committed'; SET enable_seqscan = off; SET enable_bitmapscan = off;
    SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off; SET plan_cache_mode = force_generic_plan;
    SET max_parallel_workers_per_gather = 0; SET statement_timeout = '30s'; SET idle_in_transaction_session_timeout = '30s'";

/// Recovery after a crash empties an unlogged table, so a value in one tells the runs of a server apart even when its
/// main process lives on. That matters: transaction ids that a crash takes back are given out again.
const INCARNATION: &str = "
    INSERT INTO tidewater_incarnation (singleton) SELECT true
        WHERE NOT EXISTS (SELECT FROM tidewater_incarnation WHERE singleton) ON CONFLICT DO NOTHING";

/// A promoted standby is told by its timeline, a copy of the files put back by the start of the server, a dump restored by
/// the identity of the log's table.
const GENERATION: &str = "
    SELECT left(encode(sha256(convert_to(concat_ws(' ', f.identity, f.tableoid, 'tidewater_change'::regclass::oid,
            i.incarnation, pg_postmaster_start_time(), left(pg_walfile_name(pg_current_wal_insert_lsn()), 8),
            (SELECT system_identifier FROM pg_control_system()),
            (SELECT oid FROM pg_database WHERE datname = current_database())), 'UTF8')), 'hex'), 20),
        concat_ws(' ', f.identity, f.tableoid, 'tidewater_change'::regclass::oid, pg_backend_pid())
    FROM tidewater_floor AS f, tidewater_incarnation AS i WHERE f.singleton AND i.singleton";

impl Session {
    /// Opens one within `limit`.
    ///
    /// An attempt that gets no answer is not given up, for the network may be slow, but another is begun beside it every
    /// [`ANOTHER_ATTEMPT`], for the network may have lost the first one's packets: whoever waits out a dead connection's
    /// time limits is late by as much when the database is back.
    pub(super) async fn open(options: &PgConnectOptions, limit: Duration) -> Result<Self, Error> {
        crate::within(limit, async {
            let mut attempts = FuturesUnordered::from_iter([Self::attempt(options)]);
            loop {
                tokio::select! {
                    Some(ended) = attempts.next() => return ended,
                    () = tokio::time::sleep(ANOTHER_ATTEMPT) => attempts.push(Self::attempt(options)),
                }
            }
        })
        .await
    }

    async fn attempt(options: &PgConnectOptions) -> Result<Self, Error> {
        let mut connection: PgConnection = options.connect().await?;
        refuse_standby(&mut connection).await?;
        sqlx::raw_sql(SETTINGS).execute(&mut connection).await?;
        sqlx::query(INCARNATION).execute(&mut connection).await?;
        let row = sqlx::query(GENERATION).fetch_optional(&mut connection).await?;
        let row = row.ok_or_else(|| Error::different("tidewater_floor", "is empty"))?;
        Ok(Self { connection, generation: row.try_get(0)?, anchor: row.try_get(1)? })
    }
}

/// The options of the log's connection to `url`.
pub(super) fn options(url: &str) -> Result<PgConnectOptions, Error> {
    let options: PgConnectOptions = url.parse()?;
    Ok(options.application_name("tidewater-changelog").disable_statement_logging())
}

pub(super) async fn refuse_standby(connection: &mut PgConnection) -> Result<(), Error> {
    let standby = sqlx::query_scalar("SELECT pg_is_in_recovery()").fetch_one(connection).await?;
    if standby { Err(Error::Standby) } else { Ok(()) }
}
