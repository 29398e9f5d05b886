use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use uuid::Uuid;

/// Somebody has seen something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// What was seen.
    pub subject: Uuid,
    /// On which day, in UTC.
    pub day: NaiveDate,
    /// By whom.
    pub viewer: Viewer,
}

/// Whoever has seen something: any 16 bytes that differ where viewers do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Viewer(pub [u8; 16]);

/// What is counted apart from everything else: a subject on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place {
    pub(crate) subject: Uuid,
    pub(crate) day: NaiveDate,
}

impl View {
    pub(crate) fn place(&self) -> Place {
        Place { subject: self.subject, day: self.day }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.subject.simple(), self.day)
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (subject, day) = text.split_once(':').ok_or(())?;
        Ok(Self { subject: subject.parse().map_err(|_| ())?, day: day.parse().map_err(|_| ())? })
    }
}
