use crate::contract::{Request, Tier};
use crate::server::{Memo, Now, Position};

/// Where a request is that reads the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reader {
    /// It waits at the gate.
    Arrived {
        /// The request.
        request: Request,
        /// Whether the poll under way will do.
        covered: bool,
    },
    /// It has a position, and nothing else.
    Passed {
        /// The request.
        request: Request,
        /// What it reads at.
        position: Position,
    },
    /// It waits for another reader's flight.
    Joined {
        /// The request.
        request: Request,
        /// What it reads at.
        position: Position,
        /// The index of the reader who leads the flight.
        leader: usize,
    },
    /// It leads a flight, and has asked no tier yet.
    Boarded {
        /// The request.
        request: Request,
    },
    /// No tier has the key; the source is to be read.
    Loading {
        /// The request.
        request: Request,
        /// What was published before.
        as_of: Now,
    },
    /// It holds an answer that is to be kept and served.
    Landing {
        /// The request.
        request: Request,
        /// The answer.
        memo: Memo,
        /// Where it came from.
        tier: Tier,
        /// What was published before the source was read, if that was asked.
        as_of: Option<Now>,
    },
}

impl Reader {
    /// The request that is answered.
    pub fn request(&self) -> Request {
        match self {
            Self::Arrived { request, .. }
            | Self::Passed { request, .. }
            | Self::Joined { request, .. }
            | Self::Boarded { request }
            | Self::Loading { request, .. }
            | Self::Landing { request, .. } => *request,
        }
    }

    /// The same, to be changed.
    pub fn request_mut(&mut self) -> &mut Request {
        match self {
            Self::Arrived { request, .. }
            | Self::Passed { request, .. }
            | Self::Joined { request, .. }
            | Self::Boarded { request }
            | Self::Loading { request, .. }
            | Self::Landing { request, .. } => request,
        }
    }

    /// Whether it waits for the poll under way.
    pub fn is_covered(&self) -> bool {
        matches!(self, Self::Arrived { covered: true, .. })
    }

    /// Whether it has joined the flight of the reader `index`.
    pub fn follows(&self, index: usize) -> bool {
        matches!(self, Self::Joined { leader, .. } if *leader == index)
    }

    /// A poll begins.
    pub(crate) fn cover(&mut self) {
        if let Self::Arrived { covered, .. } = self {
            *covered = true;
        }
    }

    /// The poll under way has published `position`.
    pub(crate) fn pass(&mut self, position: Position) {
        if let Self::Arrived { request, covered: true } = *self {
            *self = Self::Passed { request, position };
        }
    }

    /// The leader was dropped: whoever followed tries again.
    pub(crate) fn unfollow(&mut self, index: usize) {
        if let Self::Joined { request, position, leader } = *self
            && leader == index
        {
            *self = Self::Passed { request, position };
        }
    }

    /// The reader `gone` has left the list.
    pub(crate) fn renumber(&mut self, gone: usize) {
        if let Self::Joined { leader, .. } = self
            && *leader > gone
        {
            *leader -= 1;
        }
    }
}
