use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A point in the history of a database that can be compared: what was visible.
///
/// Its text form is stable: `P` and a `pg_snapshot` on PostgreSQL (`P7:9:7`), `S` and the last sequence on SQLite (`S42`).
/// Marks mean something only within one [`crate::Generation`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Mark {
    /// PostgreSQL: which transactions were visible.
    Snapshot(Snapshot),
    /// SQLite: the last sequence of the change log; its writers are serial.
    Sequence(u64),
}

/// A `pg_snapshot`: PostgreSQL manual, "Functions and Operators", table "`pg_snapshot` Components".
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Snapshot {
    /// Every transaction below is finished.
    pub xmin: u64,
    /// No transaction from here on was visible.
    pub xmax: u64,
    /// Transactions in `xmin..xmax` that were running, ascending.
    pub running: Vec<u64>,
}

/// A text is no [`Mark`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a mark")]
pub struct MarkError;

impl Mark {
    /// Whether everything that was visible at `other` is visible at `self`. False for marks of different kinds.
    pub fn includes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Snapshot(this), Self::Snapshot(other)) => this.includes(other),
            (Self::Sequence(this), Self::Sequence(other)) => this >= other,
            _ => false,
        }
    }
}

impl Snapshot {
    /// The snapshot to which exactly the transactions below `xid` are visible.
    pub const fn below(xid: u64) -> Self {
        Self { xmin: xid, xmax: xid, running: Vec::new() }
    }

    /// Whether transaction `xid`, if it committed, is visible.
    pub fn sees(&self, xid: u64) -> bool {
        xid < self.xmax && self.running.binary_search(&xid).is_err()
    }

    fn includes(&self, other: &Self) -> bool {
        let beyond = self.xmax..other.xmax;
        let beyond_count = other.xmax.saturating_sub(self.xmax);
        beyond_count <= other.running.len() as u64
            && beyond.chain(self.running.iter().copied()).all(|xid| !other.sees(xid))
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Snapshot(snapshot) => write!(formatter, "P{snapshot}"),
            Self::Sequence(sequence) => write!(formatter, "S{sequence}"),
        }
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:", self.xmin, self.xmax)?;
        for (index, xid) in self.running.iter().enumerate() {
            if index > 0 {
                formatter.write_str(",")?;
            }
            write!(formatter, "{xid}")?;
        }
        Ok(())
    }
}

impl FromStr for Mark {
    type Err = MarkError;

    fn from_str(text: &str) -> Result<Self, MarkError> {
        match text.split_at_checked(1) {
            Some(("P", snapshot)) => snapshot.parse().map(Self::Snapshot),
            Some(("S", sequence)) => number(sequence).map(Self::Sequence),
            _ => Err(MarkError),
        }
    }
}

impl FromStr for Snapshot {
    type Err = MarkError;

    fn from_str(text: &str) -> Result<Self, MarkError> {
        let mut parts = text.splitn(3, ':');
        let mut part = || parts.next().ok_or(MarkError);
        let (xmin, xmax, list) = (number(part()?)?, number(part()?)?, part()?);
        let running = match list {
            "" => Vec::new(),
            list => list.split(',').map(number).collect::<Result<Vec<u64>, _>>()?,
        };
        let ascending = running.is_sorted_by(|a, b| a < b);
        let within = running.iter().all(|xid| (xmin..xmax).contains(xid));
        if xmin > xmax || !ascending || !within {
            return Err(MarkError);
        }
        Ok(Self { xmin, xmax, running })
    }
}

fn number(text: &str) -> Result<u64, MarkError> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().map_err(|_| MarkError) } else { Err(MarkError) }
}
