use crate::decode::Decoder;
use crate::{ChangeSource, Error, Poll, PollError, Tracking, postgres, sqlite};

/// More new changes than this are not handed over by one poll, which starts over instead: nobody profits from them singly.
pub(crate) const POLL_CHANGES: usize = 65_536;

/// More changes than this are not read back when polling starts over: what is older than the newest of them is forgotten,
/// which bounds memory and costs a warm Redis its oldest values.
pub(crate) const HISTORY_CHANGES: usize = 262_144;

/// The steps that a history is told in, at most.
pub(crate) const HISTORY_STEPS: usize = 256;

/// The change log of one database, read on a connection of its own.
///
/// The connection is made again by the next poll whenever a poll failed, ran out of time or was dropped, and polling goes on
/// from the last success. On PostgreSQL it must reach the primary itself, past any transaction pooler.
#[derive(Debug)]
pub struct Log(Backend);

#[derive(Debug)]
enum Backend {
    Postgres(Box<postgres::Log>),
    Sqlite(Box<sqlite::Log>),
}

impl Log {
    /// Connects to the database at `url`, whose changes are read by the declarations `tracking`. Takes at most 2 s.
    ///
    /// # Errors
    /// [`Error::Backend`] for a URL of another kind of database, [`Error::Standby`], [`Error::Different`] when no change
    /// log is installed, [`Error::Unreachable`].
    pub async fn connect(url: &str, tracking: &[Tracking]) -> Result<Self, Error> {
        let decoder = Decoder::new(tracking);
        let backend = match url.split_once(':') {
            Some(("postgres" | "postgresql", _)) => {
                Backend::Postgres(Box::new(postgres::Log::connect(url, decoder).await?))
            }
            Some(("sqlite", _)) => Backend::Sqlite(Box::new(sqlite::Log::connect(url, decoder).await?)),
            Some((scheme, _)) => return Err(Error::Backend(format!("`{scheme}`"))),
            None => return Err(Error::Backend("a text that is no URL".to_owned())),
        };
        Ok(Self(backend))
    }
}

impl ChangeSource for Log {
    async fn poll(&mut self) -> Result<Poll, PollError> {
        match &mut self.0 {
            Backend::Postgres(log) => log.poll().await,
            Backend::Sqlite(log) => log.poll().await,
        }
        .map_err(PollError::from)
    }
}
