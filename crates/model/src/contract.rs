use crate::Bounds;
use crate::database::Database;
use crate::snapshot::{MOST_XIDS, Xids};

/// A value of the key, as the transactions that it reflects. Equal ids of two histories are two transactions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Content(u16);

/// One request, and what the contract asks of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Request {
    /// What was committed when it arrived, and still is.
    required: Content,
    /// Whether a backup was put back since it arrived.
    spanned: bool,
}

/// How a request was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Served {
    /// Which tier answered.
    pub tier: Tier,
    /// Whether a reader who had joined was answered too.
    pub joined: bool,
    /// Whether every answer kept the contract.
    pub kept: bool,
}

/// Where an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// The memory of the process.
    Memory,
    /// Redis.
    Redis,
    /// The database.
    Source,
}

impl Content {
    /// The transactions `xids` of one history.
    pub const fn of(generation: u8, xids: Xids) -> Self {
        Self((xids.bits() as u16) << (generation * MOST_XIDS))
    }

    /// What is in either.
    pub const fn and_also(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is not in `other`.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether `self` has everything that `other` has.
    pub const fn reflects(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }
}

impl Request {
    /// A request that arrives now. A transaction is acknowledged after it has committed, so what is acknowledged is required too.
    pub fn arrive(database: &Database, bounds: &Bounds) -> Self {
        Self { required: database.read(bounds), spanned: false }
    }

    /// Whether `value` is an answer: it reflects everything required, and nothing that aborted or has not committed. Once a
    /// backup was put back under the request, either history may answer it.
    pub fn kept_by(self, value: Content, database: &Database, bounds: &Bounds) -> bool {
        let lost = if self.spanned { database.lost() } else { Content::default() };
        value.reflects(self.required) && database.read(bounds).and_also(lost).reflects(value)
    }

    /// A backup was put back: what it does not hold can no longer be asked for.
    pub fn restored(&mut self, database: &Database) {
        self.required = self.required.without(database.lost());
        self.spanned = true;
    }
}
