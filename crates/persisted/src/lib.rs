//! Texts that clients have made known, so that they can be named by a hash from then on.
//!
//! # Use
//!
//! A process has one [`Texts`]. What is [kept](Texts::keep) is found by its [`TextHash`], a SHA-256, in this process and, where
//! there is Redis, in every other. It may be forgotten at any time; then whoever wants it gives it again.
//!
//! # Who can change a text
//!
//! Nobody. In Redis as in memory a text is found by its own hash, and what Redis answers is hashed before it is used. So
//! whatever somebody writes there, and whatever is restored there, is either the text that was asked for or none.
//!
//! # With Redis
//!
//! A text is in Redis before [`Texts::keep`] returns, unless Redis does not answer in time. It stays for the time to live after it was
//! last used: reading it there prolongs that, and so does, now and then, a process that has it in memory. Then the text is written
//! once more, so that it comes back to a Redis that was emptied. A Redis that is gone or slow is logged once, and costs texts that are
//! not in memory.
//!
//! # Memory
//!
//! Bounded in bytes here; in Redis, by [`MOST_SHARED`] texts of at most [`LARGEST`] bytes. Where there is no room, the text goes that was
//! not used for the longest time. Larger texts are not kept at all. What is worth keeping is for the caller to say.
//!
//! This crate knows Redis, and knows no GraphQL.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod error;
mod hash;
mod settings;
mod shared;
mod texts;

pub use error::StartError;
pub use hash::{NoHash, TextHash};
pub use settings::Settings;
pub use shared::MOST_SHARED;
pub use texts::{LARGEST, Texts};
pub use tidewater_redis::{Settings as RedisSettings, Statistics as RedisStatistics};
