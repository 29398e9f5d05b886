use std::fmt;

/// Why a lookup was not answered from a cache.
///
/// What memory held and why it does so no longer is remembered for a bounded number of keys. Where that is not known any more, the
/// reason is [`Unknown`](Self::Unknown); it is never guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MissReason {
    /// This process has not kept a value under this key, and Redis, if there is one, holds none.
    NeverFilled,
    /// Something that the value depends on has changed since it was read, or may have.
    Changed,
    /// Its time to live is over.
    Expired,
    /// Memory had no room for it, or has none any more.
    Evicted,
    /// It was dropped by hand, or because it was found to be wrong.
    Dropped,
    /// Everything that was kept was given up, because the change log did not continue where it was read to.
    Restarted,
    /// Redis held it, filled before anything that this process knows the changes since.
    MarkTooOld,
    /// Redis held something else than a memo under its key.
    Undecodable,
    /// Memory did not have it, and Redis did not answer in time, or was not asked because it had not answered before.
    RedisUnavailable,
    /// None was wanted: the request wants the source's own answer, the space's policy is disabled, or what is kept must not be served to
    /// whoever asks.
    Bypassed,
    /// Memory has held more keys than are remembered, perhaps this one.
    Unknown,
}

impl MissReason {
    /// All of them, in the order of their declaration.
    pub const ALL: [Self; 11] = [
        Self::NeverFilled,
        Self::Changed,
        Self::Expired,
        Self::Evicted,
        Self::Dropped,
        Self::Restarted,
        Self::MarkTooOld,
        Self::Undecodable,
        Self::RedisUnavailable,
        Self::Bypassed,
        Self::Unknown,
    ];

    /// Its name, in lower case with underscores.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NeverFilled => "never_filled",
            Self::Changed => "changed",
            Self::Expired => "expired",
            Self::Evicted => "evicted",
            Self::Dropped => "dropped",
            Self::Restarted => "restarted",
            Self::MarkTooOld => "mark_too_old",
            Self::Undecodable => "undecodable",
            Self::RedisUnavailable => "redis_unavailable",
            Self::Bypassed => "bypassed",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for MissReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
