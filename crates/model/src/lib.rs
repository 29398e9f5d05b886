//! The freshness protocol as a model that is checked to the end: every interleaving, within stated bounds.
//!
//! # What is shown
//!
//! [`phenomena::CONTRACT`]: whatever is served reflects every transaction that had committed when the request arrived, in the same
//! history, and none that aborted or has not committed. A transaction is acknowledged after it has committed, so all that was
//! acknowledged is among what is asked for; whether a writer lives to hear of it does not matter.
//!
//! The checker visits all states of each of these [`Bounds`], and finds the contract kept in every one. Polls are not bounded, nor
//! is how long a server, a write to Redis or anybody else pauses.
//!
//! | bounds | about | states |
//! | --- | --- | ---: |
//! | [`Bounds::FLIGHTS`] | three readers of one server | 1,273,529 |
//! | [`Bounds::FAULTS`] | polls that fail, leaders that are dropped | 50,266 |
//! | [`Bounds::ORDER`] | three transactions in any order of commits | 839,257 |
//! | [`Bounds::SERVERS`] | two servers and Redis, one of them started at any time | 838,213 |
//! | [`Bounds::SHARING`] | two servers, Redis and memory | 315,826 |
//! | [`Bounds::PRUNING`] | a log pruned under a server | 348,754 |
//! | [`Bounds::SERVERS_PRUNING`] | a log pruned under two servers | 81,996 |
//! | [`Bounds::OVERFLOW`] | polls that start over in their generation | 59,625 |
//! | [`Bounds::RESTORE`] | a backup put back, ids given out again | 166,032 |
//! | [`Bounds::SERVERS_RESTORE`] | the same under two servers | 1,664,147 |
//!
//! So that this does not hold for want of anything happening, the checker also finds each of the other [`phenomena`]; and with any
//! one of the [`Protections`] switched off it finds an answer that breaks the contract.
//!
//! # What is modelled
//!
//! One key, whose value is the set of the transactions that it reflects: a list to which each transaction adds a row. The
//! [`Database`] gives ids in the order in which transactions begin, makes a transaction's rows and log visible at its commit,
//! prunes, and is put back from a backup. A [`Server`] polls, notes, publishes, and answers [`Reader`]s, as `tidewater_cache` does,
//! by the names used there. [`Redis`] answers with whatever it was ever to hold. Strict reads only: a staleness above zero only
//! makes the gate ask for less.
//!
//! # What is one step
//!
//! What others can come between is a step of its own, except where the order cannot be told from outside:
//!
//! - *Memory and Redis are looked at and judged in one step.* What is found valid later was valid before, because positions only
//!   grow. The converse, that it was valid and is so no longer, is a miss, and a miss is always possible: memory may have evicted,
//!   Redis may have lost.
//! - *`as_of` is taken with the last miss, and with boarding.* A miss can come at any time, and a reader may lead where it could have
//!   joined. That is more than the code does: it allows flights to look older than they are.
//! - *A fill is always stored*, and at any time after the read; the code drops what it knows to be out of date by then.
//! - *Whoever joined is answered as the flight lands.* The value is fixed by then, and what is asked of it was at arrival.
//! - *A reader takes its position as the poll ends.* Entering the gate later gives it a newer one, with which it joins less.
//! - *A poll that cannot be joined reads the log in the same step.* What it could not be joined to stays so.
//! - *The gate is opened as the position is published, and memory is not cleared after starting over.* Readers may linger, and the
//!   floor of the TideTable keeps what was there from being valid.
//! - *The TideTable forgets before it notes history in the same step.* Between the two nothing is valid.
//!
//! What only costs misses is left out: eviction from the TideTable, hashes that collide, the ring's thinning, expiry. So is what
//! changes no answer: unlinks, the queue's bounds, the breaker.

mod bounds;
mod contract;
mod database;
pub mod phenomena;
mod protections;
mod protocol;
mod reader;
mod redis;
mod server;
mod snapshot;
mod step;

pub use bounds::Bounds;
pub use contract::{Content, Request, Served, Tier};
pub use database::{Database, Seen, Stored};
pub use protections::Protections;
pub use protocol::{Action, Protocol, State};
pub use reader::Reader;
pub use redis::{Envelope, Redis};
pub use server::{Flight, Memo, Now, Poll, Position, Server};
pub use snapshot::{MOST_XIDS, Snapshot, Xid, Xids};
pub use step::Step;
