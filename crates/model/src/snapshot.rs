/// The id of a transaction, given in the order in which transactions begin.
pub type Xid = u8;

/// How many ids one history gives out at most.
pub const MOST_XIDS: u8 = 8;

/// A set of transaction ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Xids(u8);

/// A `pg_snapshot`, as `tidewater_changelog::Snapshot`: the mark of a point in one history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Snapshot {
    /// No transaction from here on was visible.
    pub xmax: Xid,
    /// Transactions below `xmax` that were running.
    pub running: Xids,
}

impl Xids {
    /// The ids below `xid`.
    pub const fn below(xid: Xid) -> Self {
        Self(((1_u16 << xid) - 1) as u8)
    }

    /// The ids in `bits`, lowest first.
    pub const fn of_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// One bit for each id, lowest first.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether `xid` is in the set.
    pub const fn has(self, xid: Xid) -> bool {
        self.0 >> xid & 1 == 1
    }

    /// The set and `xid`.
    pub const fn with(self, xid: Xid) -> Self {
        Self(self.0 | 1 << xid)
    }

    /// The set without what is in `other`.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// What is in both sets.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The id after the highest one in the set; 0 if there is none.
    pub const fn end(self) -> Xid {
        (u8::BITS - self.0.leading_zeros()) as Xid
    }

    /// The ids, lowest first.
    pub fn iter(self) -> impl Iterator<Item = Xid> {
        (0..MOST_XIDS).filter(move |xid| self.has(*xid))
    }
}

impl Snapshot {
    /// The finished transactions that are visible.
    pub const fn seen(self) -> Xids {
        Xids::below(self.xmax).without(self.running)
    }

    /// Whether everything that was visible at `other` is visible at `self`.
    pub const fn includes(self, other: Self) -> bool {
        other.seen().without(self.seen()).is_empty()
    }

    /// What is visible at `self` of the transactions below `xid`.
    pub const fn cut(self, xid: Xid) -> Self {
        Self { xmax: xid, running: self.running.and(Xids::below(xid)) }
    }
}
