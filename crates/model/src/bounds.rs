use crate::snapshot::{MOST_XIDS, Xids};

/// How much happens at most in one configuration of the model. Polls are not bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// How many transactions begin in one history.
    pub transactions: u8,
    /// Which of them write what the key depends on; the others write something else.
    pub writers: Xids,
    /// For each server, how many requests arrive.
    pub requests: &'static [u8],
    /// Whether the last server starts with an empty cache at any time; the others started before the first transaction.
    pub late_start: bool,
    /// How many changes one poll hands over; beyond that it starts over.
    pub changes_of_a_poll: u8,
    /// How many times the log is pruned with effect.
    pub prunings: u8,
    /// Whether a backup is taken and put back, once.
    pub restores: bool,
    /// Whether polls fail and leaders of flights are dropped.
    pub faults: bool,
}

impl Bounds {
    /// Three requests to one server share flights, while two transactions commit.
    pub const FLIGHTS: Self = Self { requests: &[3], transactions: 2, ..Self::LEAST };

    /// Three requests to one server, one transaction; polls fail, and leaders of flights are dropped.
    pub const FAULTS: Self = Self { requests: &[3], transactions: 1, faults: true, ..Self::LEAST };

    /// Two requests to one server among three transactions that commit in any order, the second of which writes something else.
    pub const ORDER: Self = Self { requests: &[2], transactions: 3, writers: Xids::of_bits(0b101), ..Self::LEAST };

    /// A request to each of two servers, which share Redis, and two transactions; one server starts at any time.
    pub const SERVERS: Self = Self { requests: &[1, 1], transactions: 2, late_start: true, ..Self::LEAST };

    /// Two requests to one server and one to another: memory holds what came from the other one; one transaction.
    pub const SHARING: Self = Self { requests: &[2, 1], transactions: 1, ..Self::LEAST };

    /// Two requests to one server, which may pause past a pruning of the log; two transactions.
    pub const PRUNING: Self = Self { requests: &[2], transactions: 2, prunings: 1, ..Self::LEAST };

    /// The servers of [`Self::SERVERS`] with one transaction, and a pruning.
    pub const SERVERS_PRUNING: Self = Self { transactions: 1, prunings: 1, ..Self::SERVERS };

    /// Two requests to one server that starts over at every change, and two transactions.
    pub const OVERFLOW: Self = Self { requests: &[2], transactions: 2, changes_of_a_poll: 0, ..Self::LEAST };

    /// Two requests to one server, one transaction, a backup that is put back, and one transaction again under the same id.
    pub const RESTORE: Self = Self { requests: &[2], transactions: 1, restores: true, ..Self::LEAST };

    /// The restore of [`Self::RESTORE`] with a request to each of two servers.
    pub const SERVERS_RESTORE: Self = Self { requests: &[1, 1], ..Self::RESTORE };

    const LEAST: Self = Self {
        transactions: 0,
        writers: Xids::below(MOST_XIDS),
        requests: &[],
        late_start: false,
        changes_of_a_poll: u8::MAX,
        prunings: 0,
        restores: false,
        faults: false,
    };
}
