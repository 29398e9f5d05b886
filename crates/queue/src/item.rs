use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::Error;
use crate::store::Stored;

/// The longest name of a job, in bytes.
pub const MAX_NAME: usize = 256;

/// The longest job, in bytes of JSON. A job names rows; it does not hold them.
pub const MAX_JOB: usize = 16 << 10;

/// A job to be queued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item<J> {
    /// What makes it the same as another: while a job of this name is queued, scheduled or running, no other is queued. At most
    /// [`MAX_NAME`] bytes.
    pub name: String,
    /// What is to be done. At most [`MAX_JOB`] bytes of JSON.
    pub job: J,
    /// When it may begin. With none, now.
    pub at: Option<SystemTime>,
}

/// What became of a job that was pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It is queued, or scheduled.
    Queued,
    /// There is one of that name: queued, scheduled, running, or resting among the dead. One that was scheduled for later, and has
    /// not failed yet, is now what was pushed.
    Known,
    /// There is no room. What is also a row is queued by a later sweep; anything else is lost.
    Full,
}

impl<J> Item<J> {
    /// A job that may begin now.
    pub fn now(name: impl Into<String>, job: J) -> Self {
        Self { name: name.into(), job, at: None }
    }

    /// A job that may begin at that time.
    pub fn at(time: SystemTime, name: impl Into<String>, job: J) -> Self {
        Self { name: name.into(), job, at: Some(time) }
    }
}

impl<J: Serialize> Item<J> {
    pub(crate) fn stored(&self) -> Result<Stored, Error> {
        let unfit = |reason: String| Error::Unfit { name: self.name.chars().take(64).collect(), reason };
        if self.name.is_empty() || self.name.len() > MAX_NAME {
            return Err(unfit(format!("its name has not 1 to {MAX_NAME} bytes")));
        }
        let job = serde_json::to_string(&self.job).map_err(|error| unfit(error.to_string()))?;
        if job.len() > MAX_JOB {
            return Err(unfit(format!("it has more than {MAX_JOB} bytes")));
        }
        Ok(Stored { name: self.name.clone(), job, at: self.at.map_or(0, milliseconds) })
    }
}

/// Milliseconds since 1970, and none before.
pub(crate) fn milliseconds(time: SystemTime) -> u64 {
    u64::try_from(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()).unwrap_or(LATEST).min(LATEST)
}

/// The time of so many milliseconds since 1970.
pub(crate) fn system_time(milliseconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(milliseconds.min(LATEST))
}

/// Beyond, the numbers of Lua are not exact. It is the year 287396.
const LATEST: u64 = 1 << 53;
