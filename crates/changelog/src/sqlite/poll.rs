use std::time::Duration;

use sea_orm::sqlx::{
    self, ConnectOptions, Row, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteRow},
};
use uuid::Uuid;

use crate::decode::{Decoder, Logged};
use crate::log::{HISTORY_CHANGES, HISTORY_STEPS, POLL_CHANGES};
use crate::{Change, Error, Generation, Mark, Origin, Poll, fault};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const POLL_TIMEOUT: Duration = Duration::from_secs(2);
const HISTORY_TIMEOUT: Duration = Duration::from_secs(20);

/// Moves when another connection commits.
const DATA_VERSION: &str = "PRAGMA data_version";

/// One statement, so one snapshot for all of it: the log's identity and floor with each row from ?1 on, oldest first.
const ROWS: &str = "
    SELECT f.identity, f.floor, c.sequence, c.token, c.table_name, c.columns, c.operation,
        CAST(c.old_values AS BLOB), CAST(c.new_values AS BLOB), CAST(c.changed AS BLOB)
    FROM tidewater_floor AS f LEFT JOIN tidewater_change AS c ON c.sequence >= ?1 ORDER BY c.sequence
    LIMIT ?2";

/// Where a history begins that has to leave something out.
const START: &str = "SELECT max(0, coalesce(max(sequence), 0) - ?1) FROM tidewater_change";

#[derive(Debug)]
pub(crate) struct Log {
    options: SqliteConnectOptions,
    decoder: Decoder,
    /// Taken while a poll uses it, so one that failed or was dropped leaves none behind.
    session: Option<Session>,
    last: Option<Last>,
}

/// A connection of the log's own, which never writes.
#[derive(Debug)]
struct Session {
    connection: SqliteConnection,
    /// The data version before the last read of the rows on this connection.
    data_version: Option<i64>,
}

/// The last successful poll.
#[derive(Clone, Debug)]
struct Last {
    identity: String,
    sequence: u64,
    /// Of the row with that sequence, once there is one.
    token: Option<i64>,
}

/// What one statement saw.
struct Seen {
    identity: String,
    floor: u64,
    /// Oldest first.
    rows: Vec<(u64, i64, Change)>,
}

impl Log {
    pub(crate) async fn connect(url: &str, decoder: Decoder) -> Result<Self, Error> {
        let options: SqliteConnectOptions = url.parse()?;
        let options = options.create_if_missing(false).disable_statement_logging();
        let mut session = open(&options).await?;
        crate::within(POLL_TIMEOUT, read(&mut session, i64::MAX, 1, &decoder)).await?;
        Ok(Self { options, decoder, session: Some(session), last: None })
    }

    pub(crate) async fn poll(&mut self) -> Result<Poll, Error> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => open(&self.options).await?,
        };
        let poll = self.poll_on(&mut session).await?;
        self.session = Some(session);
        Ok(poll)
    }

    async fn poll_on(&mut self, session: &mut Session) -> Result<Poll, Error> {
        // Before the rows: what is committed in between is read now and found again by the next poll, which is harmless.
        let version = crate::within(POLL_TIMEOUT, data_version(session)).await?;
        let Some(last) = &self.last else { return self.restart(session, version).await };
        if session.data_version == Some(version) {
            return Ok(Poll::Continued {
                mark: Mark::Sequence(last.sequence),
                changes: Vec::new(),
                origins: Vec::new(),
            });
        }
        // One row too many tells that there are too many, and the last one known comes before the new ones.
        let news = read(session, last.sequence.cast_signed(), POLL_CHANGES + 2, &self.decoder);
        let seen = crate::within(POLL_TIMEOUT, news).await?;
        if !last.continues_in(&seen) || seen.rows.len() > POLL_CHANGES + 1 {
            return self.restart(session, version).await;
        }
        let next = last.clone().moved_to(&seen);
        let new = seen.rows.into_iter().filter(|(sequence, ..)| *sequence > last.sequence);
        let told = new.map(|(sequence, _, change)| (change, Origin { sequence, ..Origin::default() }));
        let (changes, origins) = told.unzip();
        let mark = Mark::Sequence(next.sequence);
        self.last = Some(next);
        session.data_version = Some(version);
        Ok(Poll::Continued { mark, changes, origins })
    }

    async fn restart(&mut self, session: &mut Session, version: i64) -> Result<Poll, Error> {
        let (start, seen) = crate::within(HISTORY_TIMEOUT, read_history(session, &self.decoder)).await?;
        // A file can be put back in ways that leave no trace, so nothing outlives this process or this history.
        let generation = Generation::new(Uuid::new_v4().simple().to_string());
        let oldest = seen.floor.max(start);
        self.last = Some(Last { identity: seen.identity.clone(), sequence: oldest, token: None }.moved_to(&seen));
        session.data_version = Some(version);
        Ok(Poll::Restarted { generation, history: history(oldest, seen.rows) })
    }
}

impl Last {
    /// Whether `seen`, read from this sequence on, is a later state of the same log.
    fn continues_in(&self, seen: &Seen) -> bool {
        let token = seen.rows.first().filter(|(sequence, ..)| *sequence == self.sequence).map(|(_, token, _)| *token);
        let same_row = self.token.is_none() || self.token == token;
        let complete = seen.floor <= self.sequence || fault::is_off("floor");
        seen.identity == self.identity && complete && same_row
    }

    fn moved_to(mut self, seen: &Seen) -> Self {
        if let Some((sequence, token, _)) = seen.rows.last() {
            (self.sequence, self.token) = (*sequence, Some(*token));
        }
        self
    }
}

async fn open(options: &SqliteConnectOptions) -> Result<Session, Error> {
    let connection = crate::within(CONNECT_TIMEOUT, async { Ok(options.connect().await?) }).await?;
    Ok(Session { connection, data_version: None })
}

async fn data_version(session: &mut Session) -> Result<i64, Error> {
    Ok(sqlx::query_scalar(DATA_VERSION).fetch_one(&mut session.connection).await?)
}

/// The newest rows, and the sequence that they begin after.
async fn read_history(session: &mut Session, decoder: &Decoder) -> Result<(u64, Seen), Error> {
    let start = sqlx::query_scalar(START).bind(HISTORY_CHANGES as i64).fetch_one(&mut session.connection);
    let start: i64 = start.await?;
    // It was found in a statement before, so a few more may have come.
    let seen = read(session, start, 2 * HISTORY_CHANGES, decoder).await?;
    Ok((start.cast_unsigned(), seen))
}

async fn read(session: &mut Session, from: i64, limit: usize, decoder: &Decoder) -> Result<Seen, Error> {
    let rows = sqlx::query(ROWS).bind(from).bind(limit as i64).fetch_all(&mut session.connection).await?;
    let first = rows.first().ok_or_else(|| Error::different("tidewater_floor", "is empty"))?;
    let (identity, floor) = (first.try_get(0)?, first.try_get::<i64, _>(1)?.cast_unsigned());
    let mut changes = Vec::with_capacity(rows.len());
    for row in &rows {
        if let Some(sequence) = row.try_get::<Option<i64>, _>(2)? {
            changes.push((sequence.cast_unsigned(), row.try_get(3)?, decoder.change(logged(row)?)));
        }
    }
    Ok(Seen { identity, floor, rows: changes })
}

fn logged(row: &SqliteRow) -> Result<Logged, Error> {
    // What is no JSON counts as not there: no values are unreadable to the decoder, no names are all columns.
    let array = |column: usize| -> Result<Option<Vec<serde_json::Value>>, Error> {
        let text: Option<Vec<u8>> = row.try_get(column)?;
        Ok(text.and_then(|text| serde_json::from_slice(&text).ok()))
    };
    let text = |value: serde_json::Value| match value {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text),
        other => Some(other.to_string()),
    };
    let values = |column: usize| -> Result<Vec<Option<String>>, Error> {
        Ok(array(column)?.unwrap_or_default().into_iter().map(text).collect())
    };
    Ok(Logged {
        table: row.try_get(4)?,
        columns: row.try_get(5)?,
        operation: row.try_get(6)?,
        old: values(7)?,
        new: values(8)?,
        changed: array(9)?.map(|names| names.into_iter().filter_map(text).collect()),
    })
}

/// The retained log from `oldest` on, in the steps of [`Poll::Restarted`].
fn history(oldest: u64, rows: Vec<(u64, i64, Change)>) -> Vec<(Mark, Vec<Change>)> {
    let mut steps = vec![(Mark::Sequence(oldest), Vec::new())];
    let size = rows.len().div_ceil(HISTORY_STEPS - 2).max(1);
    let (mut step, mut last) = (Vec::new(), oldest);
    for (sequence, _, change) in rows.into_iter().filter(|(sequence, ..)| *sequence > oldest) {
        if step.len() >= size {
            steps.push((Mark::Sequence(last), std::mem::take(&mut step)));
        }
        step.push(change);
        last = sequence;
    }
    steps.push((Mark::Sequence(last), step));
    steps
}
