//! A read-through cache that validates what it serves against the database's change log before it serves it.
//!
//! # Use
//!
//! A process has one [`Cache`], started over a [`ChangeSource`](tidewater_changelog::ChangeSource), and one [`Space`] for each
//! kind of value. Whoever answers a request takes a [`Request`] when it arrives and reads through spaces for it: each
//! [`Lookup`] says under which key a value is held and on which [`Dependency`] it hangs, and a loader reads the database for
//! what is not held. A [`Derived`] space holds what is computed from such reads, as a whole. Whoever writes takes a
//! [`WriteGuard`], commits, and settles it. Nobody ever names what to invalidate.
//!
//! # Promise
//!
//! A read answers nothing older than what the database had committed when its request arrived, less the
//! [`max_staleness`](Policy::max_staleness) of the space, or less what the request itself [accepts](Acceptance); whoever wrote it,
//! and whatever Redis holds. If that cannot be established within [`Settings::gate_timeout`], the read fails with a
//! [`GateError`], unless the space is [to last](Policy::stale_if_error) while the source is gone; then
//! [`Provenance::stale`] says so.
//!
//! Whatever staleness is accepted, nothing is older than a [mark](HistoryMark) that the request [requires](Request::require). The
//! mark that a request [gives](Request::mark) stands for all that was read and written for it, so whoever carries marks along
//! reads their own writes and never goes back in time, on any node.
//!
//! Whoever wants to hear of changes takes a [`Follower`]: it hands over what each poll saw newly, once all caches know of it, so that
//! a read that answers to a change is never older than the change. One poller serves all followers. What is kept for them is bounded,
//! and one that has missed something is told so.
//!
//! # Protocol
//!
//! One task polls the change log. A poll that saw something new gets the next [`Position`]; every change is noted in the *tide
//! table* (hash of a dependency -> position of its last change) **before** the position is published. A memo holds a value, the
//! hashes of what it depends on, and `as_of`: the position that was published **before** its source was read. It is *valid* at a
//! position p if nothing that it depends on changed in (`as_of`, p].
//!
//! 1. *Gate.* The request waits for a poll that began after it arrived (with a staleness F: at most F before), shared with all who
//!    wait. It has position p from then on.
//! 2. *Memory.* A memo that is valid by the tide table as it is now is served.
//! 3. *Flight.* A key that is being fetched is joined if that flight began at p or later. Otherwise this reader leads one, asks
//!    memory again, and goes on.
//! 4. *Redis.* All keys that are led, in one `MGET`. A stored memo carries the mark (what was visible) instead of a position; the
//!    newest own position whose mark is included in it becomes its `as_of`. None, or not valid: a miss.
//! 5. *Load.* One call for the rest, `as_of` the position published just before. What it answers is stored in both tiers, ends the
//!    flights, and is served.
//!
//! # Why it is right
//!
//! *The gate is enough.* Whatever was committed before the request arrived is visible to a poll that begins afterwards, so it
//! is noted at p or before, and the reader sees the note because it was made before p was published.
//!
//! *A valid memo is up to date at p.* Let a dependency of the value have changed in a transaction that p includes. If the
//! transaction was visible at `as_of`, then also to the later read of the source, and the value reflects it. If not, it was noted
//! in (`as_of`, p], and the memo is not valid. Validity is checked at use, so when a fill is stored, or an unlink lost, is of no
//! importance: both decide only whether there is something to check. The tide table may have moved past p by then, which makes
//! it refuse more than it must; and where it has forgotten a key it answers a position that is too new, never one too old.
//!
//! *A bound is kept.* With a staleness F the gate is passed by a poll that began at most F before the request arrived. The two
//! paragraphs above hold with that moment in place of the arrival. Both moments are of this process's monotonic clock.
//!
//! *A mark is honoured.* A position is good for a request that requires a mark if the mark in force at it includes that one;
//! what is published was noted before, so a valid memo is up to date at it. Otherwise the read is strict: whoever was given a mark
//! was given it before they sent it, so a poll that began after the request arrived sees all that was visible at the mark.
//! Marks of another generation cannot be compared, and make the read strict.
//!
//! *A mark stands for all that was seen.* A value may show what was committed up to when it was read from its source, which is
//! noted in the memo, and what is joined or comes from Redis was read before it arrived here. The mark that is given is that of a
//! poll that began after the youngest such moment. Mostly the last poll did; else there is one more.
//!
//! *A joined flight is up to date.* What it loads is read after a position at or past p was published. What it found in Redis was
//! valid by a tide table that had got there.
//!
//! *A memo from Redis is up to date.* Its source was read when everything visible at its mark was visible. Its mark includes that of
//! the position P that it is placed at, so the source was read when everything noted up to P was visible: `as_of` = P holds.
//! Marks mean nothing across generations, so keys carry the generation, and the ring of marks places none of another.
//!
//! *A restart voids what was before.* A poll that cannot be joined to the one before begins with a position past all earlier
//! ones, below which nothing is valid; the retained log is noted on top of it, before the ring places anything on it. A fill under
//! way has an `as_of` below, and the keys of the generation that it began in.
//!
//! *A derived value is as good as its parts.* While it is computed, everything that is served for the request is recorded. Its
//! `as_of` is the position published before the first read; no read of the request is answered by what is older than that, and
//! each part's dependencies are among its own. So if one of them changes after `as_of`, the value is not valid. It is served on the
//! strictest terms of its parts, and to nobody who joins it while it is computed unless they arrived at `as_of` or before.
//!
//! *A part is as good as a whole.* What is computed for a request can be made of parts that others can be made of, too. A part is only
//! kept if it was computed at one go: then nothing else of the request was computed meanwhile, and what was recorded is what it rests
//! on. Its `as_of` is the position published before its first read, and no read of it is answered by what is older than that. Whatever
//! is made of it has its dependencies among its own, as if it had read them itself.
//!
//! *What hashes cost.* Two dependencies with one hash share their changes: a miss more, never a wrong answer.
//!
//! # Bounds
//!
//! The memory tier is bounded by bytes, the tide table has a fixed size, so has the ledger that knows why memory does not hold a key, the ring holds about a thousand marks, the queue of
//! writes to Redis is bounded in number and bytes, so is what is kept for followers, flights in number. Every poll and every command has a timeout; a breaker
//! spares readers a Redis that does not answer.
//!
//! This crate knows no SQL and no domain; only one file of it knows the Redis client.

mod acceptance;
mod answers;
mod cache;
mod counters;
mod crowd;
mod dependency;
mod derived;
mod envelope;
mod error;
mod explanation;
mod feed;
mod fetch;
mod flight;
mod footprint;
mod gate;
mod hash;
mod history_mark;
mod holding;
mod ledger;
mod lookout;
mod lookup;
mod memo;
mod memory;
mod miss_reason;
mod policy;
mod poller;
mod position;
mod provenance;
mod queue;
mod recording;
mod redis;
mod redis_key;
mod request;
mod ring;
mod settings;
mod space;
mod statistics;
mod terms;
mod tide;
mod tide_table;
mod tier;
mod tracked;
mod unlink;
mod verify;

pub use acceptance::Acceptance;
pub use cache::{Cache, WriteGuard};
pub use crowd::Crowd;
pub use dependency::Dependency;
pub use derived::{Derived, Recorded, Sharing};
#[doc(hidden)]
pub use envelope::Envelope;
pub use error::{GateError, ReadError, StartError};
pub use explanation::{About, AnsweredBy, Cause, Culprit, Explanation, Load, Missed, Part, RedisTold, Rows, Step};
pub use feed::{Applied, Follower, Lost};
pub use footprint::Footprint;
pub use history_mark::HistoryMark;
pub use holding::{Holding, Holdings};
pub use lookout::{Basis, Lookout};
pub use lookup::{Found, Lookup};
pub use miss_reason::MissReason;
pub use policy::Policy;
pub use position::Position;
pub use provenance::Provenance;
pub use request::Request;
pub use settings::Settings;
pub use space::Space;
pub use statistics::{
    Forgotten, GateStatistics, Health, MemoryStatistics, Misses, RedisHealth, SpaceStatistics, TideTableStatistics,
    Verification,
};
pub use tidewater_redis::{Settings as RedisSettings, Statistics as RedisStatistics};

#[cfg(test)]
mod tests;
