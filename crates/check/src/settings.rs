use std::time::Duration;

use url::Url;

use crate::Error;

/// What is checked, with what load, and for how long.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The servers, by the address that `/graphql` comes after; all over one database.
    pub urls: Vec<String>,
    /// The database that they serve: `postgres://...` or `sqlite://PATH`. Without it, nothing is written but through the servers.
    pub database_url: Option<String>,
    /// For how long there is load. What comes before and after takes a few seconds more.
    pub duration: Option<Duration>,
    /// The load ends when this many facts have been judged.
    pub reads: Option<u64>,
    /// How many clients write through the servers.
    pub writers: usize,
    /// How many clients write to the database directly; 0 without a database.
    pub sql_writers: usize,
    /// How many clients read.
    pub readers: usize,
    /// How many rows statements change that change very many; 0 for no such statements. Needs an SQL writer.
    pub bulk_rows: usize,
    /// How long each writer waits between two writes.
    pub pause: Duration,
    /// How old the servers' answers may be.
    pub max_staleness: Duration,
    /// Some requests accept answers that are this many seconds old.
    pub max_age: Option<u64>,
    /// What ids and choices follow from; random by default.
    pub seed: Option<u64>,
    /// How long a request, or a statement, may take.
    pub timeout: Duration,
    /// How many violations of each kind are reported in full.
    pub examples: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            urls: Vec::new(),
            database_url: None,
            duration: Some(Duration::from_secs(30)),
            reads: None,
            writers: 4,
            sql_writers: 4,
            readers: 16,
            bulk_rows: 1_200,
            pause: Duration::from_millis(5),
            max_staleness: Duration::ZERO,
            max_age: None,
            seed: None,
            timeout: Duration::from_secs(20),
            examples: 5,
        }
    }
}

impl Settings {
    /// The settings as they will be used.
    pub(crate) fn checked(mut self) -> Result<Self, Error> {
        let refused = |text: &str| Err(Error::Settings(text.to_owned()));
        if self.urls.is_empty() {
            return refused("no server is given");
        }
        for url in &mut self.urls {
            let parsed = Url::parse(url).map_err(|error| Error::Settings(format!("'{url}' is no URL: {error}")))?;
            if parsed.scheme() != "http" {
                return Err(Error::Settings(format!("'{url}' is not asked by http")));
            }
            url.truncate(url.trim_end_matches('/').trim_end_matches("/graphql").trim_end_matches('/').len());
        }
        if self.database_url.is_none() {
            self.sql_writers = 0;
        }
        if self.sql_writers == 0 {
            self.bulk_rows = 0;
        }
        if self.duration.is_none() && self.reads.is_none() {
            return refused("neither a duration nor a number of reads is given");
        }
        if self.readers == 0 {
            return refused("nothing is checked without readers");
        }
        if self.writers + self.sql_writers == 0 {
            return refused("nothing is checked without writers");
        }
        let bounds = [("readers", self.readers), ("writers", self.writers), ("SQL writers", self.sql_writers)];
        for (what, count) in bounds {
            if count > 1_000 {
                return Err(Error::Settings(format!("{count} {what} are too many; at most 1000")));
            }
        }
        if self.bulk_rows > 4_000 {
            return refused("at most 4000 rows can be changed in bulk");
        }
        if self.timeout.is_zero() {
            return refused("a request must be given some time");
        }
        Ok(self)
    }

    /// The largest bound that a request is judged with.
    pub(crate) fn longest_bound(&self) -> Duration {
        self.max_staleness.max(Duration::from_secs(self.max_age.unwrap_or(0)))
    }
}
